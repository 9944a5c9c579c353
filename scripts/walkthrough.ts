import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Consumer } from './packed.ts'
import { type Block, fencedBlocks, fileName } from './readme.ts'

/** The blocks of a page's sections, in the page's order: what somebody does who follows it. */
export function steps(page: string, markdown: string, headings: readonly string[]): Block[] {
  const lines = markdown.split('\n')
  const blocks = fencedBlocks(page, markdown)
  const inside = (line: number) =>
    blocks.some((block) => line > block.line && line <= block.line + block.code.split('\n').length)
  const starts = lines.flatMap((text, index) => (/^#+ /.test(text) && !inside(index + 1) ? [index + 1] : []))
  return headings.flatMap((heading) => {
    const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#')) + 1
    if (start === 0) throw new Error(`${page} has no section "${heading}"`)
    const end = starts.find((line) => line > start) ?? lines.length + 1
    return blocks.filter(({ line }) => line > start && line < end)
  })
}

/** A folder in which everything was done that a page says, up to the command that starts the server. */
export interface Project {
  folder: string
  /** `node --env-file=.env server.js`. */
  start: string
  /** Runs `start`, or another command, and what the page asks of the server then. Throws where it says anything else. */
  run(options: { node: string; start?: string; env?: Record<string, string> }): Promise<void>
  remove(): void
}

/**
 * Follows a page word for word in an empty folder, with two exceptions: what it installs is linked from the consumer,
 * by exactly the names it installs, so that a name it forgets is missing; and port 3000 becomes one that is free.
 */
export async function follow(blocks: readonly Block[], consumer: Consumer): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'walkthrough-'))
  const port = await freePort()
  const here = (text: string) => text.replaceAll('3000', String(port))
  const at = blocks.findIndex(({ language, code }) => language === 'sh' && code.startsWith('node '))
  const [starting, ...rest] = blocks.slice(at)
  if (at < 0 || !starting) throw new Error(`${blocks[0]?.page} starts no server`)

  for (const block of blocks.slice(0, at)) {
    const file = fileName(block)
    if (block.language === 'sh') {
      for (const command of block.code.split('\n')) prepare(command, folder, consumer)
    } else if (file) writeFileSync(join(folder, file), `${here(block.code)}\n`)
    else throw new Error(`${block.page}:${block.line} says not which file this is`)
  }
  return {
    folder,
    start: starting.code,
    async run({ node, start = starting.code, env = {} }) {
      const environment = { ...process.env, ...env, PATH: [dirname(node), process.env.PATH].join(delimiter) }
      const options = { cwd: folder, env: environment, signal: AbortSignal.timeout(60_000) }
      const server = spawn('sh', ['-c', `exec ${start}`], options)
      try {
        let seen = (promised: string) => printed(server, start, promised)
        for (const block of rest) {
          if (block.language === 'text') await seen(here(block.code))
          else if (block.language === 'sh') seen = answered(here(block.code), options)
          else throw new Error(`${block.page}:${block.line} comes after the server was started`)
        }
      } finally {
        if (server.exitCode === null && server.kill()) await once(server, 'exit')
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function prepare(command: string, folder: string, consumer: Consumer): void {
  const names = /^npm install (?:--save-dev )?(.*)$/.exec(command)?.[1]
  if (names) {
    linkPackages(names.split(' '), folder, consumer)
    return
  }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`)
}

/** Gives a project these packages, as they are in the consumer. */
export function linkPackages(names: readonly string[], folder: string, consumer: Consumer): void {
  for (const name of names) {
    const target = join(consumer.folder, 'node_modules', name)
    if (!existsSync(target)) throw new Error(`${name} cannot be installed`)
    const path = join(folder, 'node_modules', name)
    if (existsSync(path)) continue
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
}

/** Resolves once the server has printed these lines; rejects with what it printed when it ends before. */
async function printed(server: ChildProcess, start: string, promised: string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const ended = () => reject(new Error(`${start} ended without "${promised}", but with:\n${output}`))
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk
        if (missingLines(output, promised).length === 0) resolve()
      })
    }
    server.once('error', ended)
    server.once('close', ended)
  })
}

/** Runs a command, and then compares what it printed. */
function answered(command: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { ...options, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`)
  return async (promised: string) => {
    const missing = missingLines(stdout, promised)
    if (missing.length > 0) throw new Error(`${command} did not print "${missing[0]}", but:\n${stdout}`)
  }
}

/** The promised lines with which none of those printed begins. Names of headers may be written either way. */
function missingLines(output: string, promised: string): string[] {
  const lines = output.toLowerCase().split(/\r?\n/)
  return promised.split('\n').filter((line) => !lines.some((each) => each.startsWith(line.toLowerCase())))
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
