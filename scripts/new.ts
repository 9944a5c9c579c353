import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Mark, marksIn } from './new/marks.ts'
import { kinds, type Order, readOrder, WrongOrder } from './new/order.ts'
import { filesOf, folderOf, rowOf } from './new/render.ts'
import { root } from './workspace.ts'

/** Makes what the command line asks for, and says what is left to write. */
function main(args: readonly string[]): void {
  const order = readOrder(args, root)
  write(order)
  list(order)
  console.log(`Made ${folderOf(order)} and its row in README.md. Linking and formatting it ...`)
  run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'])
  run(join(root, 'node_modules/.bin/biome'), ['check', '--write', folderOf(order)])
  console.log(left(order, marksIn(folderOf(order), root)))
}

function write(order: Order): void {
  const folder = join(root, folderOf(order))
  if (existsSync(folder)) throw new WrongOrder(`${folderOf(order)} is there already.`)
  for (const [path, text] of filesOf(order, root)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** Below the last row of its kind on the front page. */
function list(order: Order): void {
  const path = join(root, 'README.md')
  const lines = readFileSync(path, 'utf8').split('\n')
  const last = lines.findLastIndex(
    (line) => line.startsWith('|') && line.includes(`(${kinds[order.kind].folder}/`),
  )
  lines.splice(last + 1, 0, rowOf(order))
  writeFileSync(path, lines.join('\n'))
}

function left(order: Order, marks: readonly Mark[]): string {
  const article = order.kind === 'adapter' ? 'an' : 'a'
  const lines = (what: Mark['what']) =>
    marks.filter((each) => each.what === what).map(({ place, text }) => `  ${place}\n    ${text}`)
  return [
    '',
    'Write, in this order; tests fail until then:',
    ...lines('WRITE'),
    'Decide; this works as it is, and may be wrong for yours:',
    ...lines('DECIDE'),
    'No changeset: a new package is released as the 1.0.0 that its package.json says, and CI refuses one.',
    '',
    `  pnpm vitest ${folderOf(order)} --bail 1`,
    `  docs/guides/write-${article}-${order.kind}.md`,
  ].join('\n')
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  throw new WrongOrder(
    `The files are there, but this failed: ${[command, ...args].join(' ')}\n${error ?? ''}${stdout}${stderr}`,
  )
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof WrongOrder)) throw error
  console.error(error.message)
  process.exitCode = 1
}
