import { globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { productSchemes, products } from '../packages/core/src/products.ts'
import { root } from './workspace.ts'

/** What a commit must not carry: where packages were fetched from, and where somebody's checkout is. */
const foreign: [what: string, pattern: RegExp][] = [
  [
    'a package registry',
    /\bregistry\.(npmjs|yarnpkg|npmmirror)\.|\bnpm\.pkg\.github\.|\/\/(registry|npm|artifactory|nexus)\.[a-z]/i,
  ],
  ['a side of a merge', /^(<{7}|>{7}) /],
  [
    'a folder of one machine',
    /(?<![\w.$}/-])\/(root|work|home\/[a-z]\w*|Users\/[A-Za-z]\w*)\/|\b[A-Z]:\\Users\\/,
  ],
]

function findings(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      foreign
        .filter(([, pattern]) => pattern.test(line))
        .map(([what]) => `${path}:${index + 1} names ${what}: ${line.trim().slice(0, 120)}`),
    )
}

/** In a longer one nobody finds the test of what they change. It is split by what its tests are about. */
function overlong(path: string, text: string): string[] {
  const lines = text.split('\n').length - 1
  return path.endsWith('.test.ts') && lines > 400 ? [`${path} has ${lines} lines`] : []
}

/** The one file of core that names products. */
const productFile = 'packages/core/src/clients/products.ts'

/** One of them is a word of ours, too: as a name it is written with a capital, and as a scheme with what follows one. */
const ordinaryWord = 'cursor'

const productPatterns = [
  ...products.map(({ name }) => name),
  ...productSchemes,
  ...products.flatMap(({ redirectUris }) =>
    redirectUris.flatMap((uri) =>
      uri.startsWith('https://') ? [new URL(uri.replaceAll('*', 'x')).hostname] : [],
    ),
  ),
].map((text) => {
  const pattern = `(?<![\\w-])${text.replaceAll('.', '\\.').replaceAll(' ', '[ -]?')}(?![\\w-])`
  if (text.toLowerCase() !== ordinaryWord) return { text, pattern: new RegExp(pattern, 'i') }
  return { text, pattern: new RegExp(text === ordinaryWord ? `${pattern}:/` : pattern) }
})

/** Products change each month: code that knows of one is wrong soon, and treats its competitors worse. */
function namedProducts(path: string, text: string): string[] {
  if (!path.startsWith('packages/core/src/') || path === productFile) return []
  if (/\.(test|fixture)\.ts$/.test(path)) return []
  return text
    .split('\n')
    .flatMap((line, index) =>
      productPatterns
        .filter(({ pattern }) => pattern.test(line))
        .map(({ text }) => `${path}:${index + 1} names ${text}`),
    )
}

const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').filter(Boolean)
const files = globSync(['**', '**/.*', '**/.*/**'], {
  cwd: root,
  exclude: ['.git', ...ignored].map((name) => `**/${name}`),
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))

function inAllFiles(find: (path: string, text: string) => string[]): string[] {
  return files.flatMap((path) => find(path, readFileSync(join(root, path), 'utf8')))
}

it('files name no registry and no folder of one machine, and nothing is left of a merge', () => {
  expect(files).toEqual(expect.arrayContaining(['pnpm-lock.yaml', '.changeset/config.json', '.gitignore']))
  expect(inAllFiles(findings)).toEqual([])
})

it('no test file has more than 400 lines', () => {
  expect(files).toContain('scripts/hygiene.test.ts')
  expect(inAllFiles(overlong)).toEqual([])
})

/** What knows one identity provider is its package. Those of protocols have no name that means a provider. */
const providerNames = globSync('packages/providers/*', { cwd: root })
  .map((path) => basename(path))
  .filter((name) => !['jwt', 'oidc'].includes(name))

function namedProviders(path: string, text: string): string[] {
  if (!path.startsWith('packages/core/src/') || /\.(test|fixture)\.ts$/.test(path)) return []
  return providerNames
    .filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(text))
    .map((name) => `${path} names ${name}`)
}

it('core names no identity provider', () => {
  expect(providerNames).toContain('github')
  expect(namedProviders('packages/core/src/a.ts', '// as GitHub does')).toHaveLength(1)
  expect(inAllFiles(namedProviders)).toEqual([])
})

it('core names products in one file', () => {
  expect(files).toContain(productFile)
  expect(inAllFiles(namedProducts)).toEqual([])
})

it.each([
  '// Cursor has registered such a scheme as web',
  ' * `cursor://*` is one',
  "if (client_name === 'claude') return",
  '/** Claude Code sends none. */',
  '// as VSCode does',
  'https://insiders.vscode.dev/redirect',
  "'windsurf-next'",
  'what mcp-remote does',
])('%s is found in core, and not in its tests', (line) => {
  expect(namedProducts('packages/core/src/clients/a.ts', line)).not.toEqual([])
  expect(namedProducts('packages/core/src/clients/a.test.ts', line)).toEqual([])
  expect(namedProducts('packages/testing/src/a.ts', line)).toEqual([])
})

it.each([
  'let cursor: string',
  '  cursor:pointer;',
  'The cursor says where',
  'notAuthorized',
  'a warped view',
])('%s names no product', (line) => {
  expect(namedProducts('packages/core/src/a.ts', line)).toEqual([])
})

// Written in pieces, since this file is looked at too.
it.each([
  ['resolution: {tarball: https://registry', 'npmjs', 'org/jose/-/jose-6.2.17.tgz}'].join('.'),
  ['resolution: {tarball: http://npm', 'example.org/jose}'].join('.'),
  ['cache: ', 'root', '.npm/_npx'].join('/'),
  ["readFileSync('", 'work', "main/package.json')"].join('/'),
  ['see ', 'home', 'alice', 'drawbridge/README.md'].join('/'),
  ['open C:', 'Users', 'alice', 'drawbridge'].join('\\'),
  `${'<'.repeat(7)} HEAD`,
])('%s is found', (line) => {
  expect(findings('a', line)).toHaveLength(1)
})

it.each(['/usr/bin/chromium', 'https://example.org/home/alice/page', './root/a', "files: ['/work']"])(
  '%s is no finding',
  (line) => {
    expect(findings('a', line)).toEqual([])
  },
)

it('a test file of 401 lines is found, and one of 400 is none too long', () => {
  expect(overlong('a.test.ts', 'x()\n'.repeat(401))).toEqual(['a.test.ts has 401 lines'])
  expect(overlong('a.test.ts', 'x()\n'.repeat(400))).toEqual([])
  expect(overlong('a.fixture.ts', 'x()\n'.repeat(401))).toEqual([])
})
