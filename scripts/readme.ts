import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { root, workspacePackages } from './workspace.ts'

/** A fenced block in a page. */
export interface Block {
  /** The page: `packages/core/README.md`. */
  page: string
  /** Of the opening fence, from 1. */
  line: number
  /** The word behind the opening fence: `ts`. */
  language: string
  code: string
  /** The last line with text before it, which may name a file: "Write `server.js`:". */
  before: string
  /** Whether it is code to check, and not below a `<!-- no-check -->`. */
  checked: boolean
}

/** Every block of TypeScript or JavaScript in a page. */
export function codeBlocks(page: string, markdown: string): Block[] {
  return fencedBlocks(page, markdown).filter(({ language }) => /^(ts|mts|typescript|js)$/.test(language))
}

/** Every fenced block in a page. */
export function fencedBlocks(page: string, markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let index = 0; index < lines.length; index++) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\w*)/.exec(lines[index] ?? '')
    if (!fence) continue
    const [, marks = '', language = ''] = fence
    const start = index
    do index++
    while (index < lines.length && lines[index]?.trim() !== marks)
    const before = lines.slice(0, start).findLast((line) => line.trim() !== '') ?? ''
    blocks.push({
      page,
      line: start + 1,
      language,
      code: lines.slice(start + 1, index).join('\n'),
      before,
      checked: before.trim() !== '<!-- no-check -->',
    })
  }
  return blocks
}

/** The file that a block is to be written to, where the line before it names one; `undefined` otherwise. */
export function fileName({ before }: Block): string | undefined {
  return [...before.matchAll(/`(\.env|[\w-]+\.[cm]?[jt]s)`/g)].at(-1)?.[1]
}

/**
 * What the compiler says of the blocks, each a module of its own that may import whatever any package of the
 * workspace may: `packages/core/README.md:12 error TS2304: Cannot find name 'secret'.`
 */
export function typeErrors(blocks: readonly Block[]): string[] {
  const folder = join(root, 'node_modules/.cache/readme')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  linkEverything(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const ofWorkers = 'worker-configuration.d.ts'
  cpSync(join(root, 'scripts/runtimes', ofWorkers), join(folder, ofWorkers))

  const pages = new Map<string, string>()
  for (const block of blocks) {
    const file = `${pages.size}${moduleExtension(block)}`
    pages.set(file, block.page)
    // Empty lines in front make the compiler's line numbers those of the page.
    writeFileSync(join(folder, file), '\n'.repeat(block.line) + block.code)
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        allowJs: true,
        checkJs: true,
        declaration: false,
        isolatedDeclarations: false,
        moduleDetection: 'force',
      },
      files: [...pages.keys(), ofWorkers],
    }),
  )
  const { status, stdout } = spawnSync(
    join(root, 'node_modules/.bin/tsc'),
    ['-p', '.', '--pretty', 'false'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  const errors = stdout.split('\n').filter((line) => /^\S+\(\d+,\d+\): error TS/.test(line))
  if (status !== 0 && errors.length === 0) throw new Error(`tsc: ${stdout}`)
  return errors.map((line) =>
    line.replace(/^(\d+\.[cm]?[jt]s)\((\d+),\d+\):/, (_, file, at) => `${pages.get(file)}:${at}`),
  )
}

function moduleExtension(block: Block): string {
  return extname(fileName(block) ?? (block.language === 'js' ? 'a.js' : 'a.ts'))
}

/** One node_modules with the workspace's packages and everything they depend on. */
function linkEverything(modules: string): void {
  const packages = workspacePackages()
  for (const { folder, manifest } of packages) link(join(root, folder), join(modules, manifest.name))
  for (const from of ['', ...packages.map(({ folder }) => folder)]) {
    const installed = join(root, from, 'node_modules')
    if (!existsSync(installed)) continue
    for (const name of readdirSync(installed)) {
      if (name.startsWith('.')) continue
      const names = name.startsWith('@')
        ? readdirSync(join(installed, name)).map((inner) => `${name}/${inner}`)
        : [name]
      for (const each of names) link(join(installed, each), join(modules, each))
    }
  }
}

function link(target: string, path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(realpathSync(target), path)
}
