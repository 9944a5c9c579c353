import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './workspace.ts'

/** What a commit must not carry: where packages were fetched from, and where somebody's checkout is. */
const foreign: [what: string, pattern: RegExp][] = [
  [
    'a package registry',
    /\bregistry\.(npmjs|yarnpkg|npmmirror)\.|\bnpm\.pkg\.github\.|\/\/(registry|npm|artifactory|nexus)\.[a-z]/i,
  ],
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

it('files name no registry and no folder of one machine', () => {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').filter(Boolean)
  const files = globSync(['**', '**/.*', '**/.*/**'], {
    cwd: root,
    exclude: ['.git', ...ignored].map((name) => `**/${name}`),
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  expect(files).toEqual(expect.arrayContaining(['pnpm-lock.yaml', '.changeset/config.json', '.gitignore']))
  expect(files.flatMap((path) => findings(path, readFileSync(join(root, path), 'utf8')))).toEqual([])
})

// Written in pieces, since this file is looked at too.
it.each([
  ['resolution: {tarball: https://registry', 'npmjs', 'org/jose/-/jose-6.2.17.tgz}'].join('.'),
  ['resolution: {tarball: http://npm', 'example.org/jose}'].join('.'),
  ['cache: ', 'root', '.npm/_npx'].join('/'),
  ["readFileSync('", 'work', "main/package.json')"].join('/'),
  ['see ', 'home', 'alice', 'drawbridge/README.md'].join('/'),
  ['open C:', 'Users', 'alice', 'drawbridge'].join('\\'),
])('%s is found', (line) => {
  expect(findings('a', line)).toHaveLength(1)
})

it.each(['/usr/bin/chromium', 'https://example.org/home/alice/page', './root/a', "files: ['/work']"])(
  '%s is no finding',
  (line) => {
    expect(findings('a', line)).toEqual([])
  },
)
