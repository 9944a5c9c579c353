import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeBlocks, typeErrors } from './readme.ts'
import { publishedPackages, root } from './workspace.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'apps/*/*.md', 'packages/**/*.md'], {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
})
const blocks = pages.flatMap((page) => codeBlocks(page, readFileSync(join(root, page), 'utf8')))

describe('the code in our pages', () => {
  it('type-checks', () => {
    expect(typeErrors(blocks.filter(({ checked }) => checked))).toEqual([])
  })

  it('is there: a README shows how to use its package', () => {
    const shown = new Set(blocks.filter(({ checked }) => checked).map(({ page }) => page))
    const expected = ['README.md', ...publishedPackages().map(({ folder }) => `${folder}/README.md`)]
    expect(expected.filter((page) => !shown.has(page))).toEqual([])
  })

  it('is hardly ever left unchecked', () => {
    expect(blocks.filter(({ checked }) => !checked).length).toBeLessThanOrEqual(3)
  })
})

describe('the check', () => {
  const page = [
    'Text',
    '```ts',
    `import { readFileSync } from 'node:fs'`,
    `const text: number = readFileSync('a', 'utf8')`,
    '```',
    '~~~typescript',
    `import { noSuchThing } from '@drawbridge/core'`,
    '~~~',
    '<!-- no-check -->',
    '',
    '```ts',
    'nonsense(',
    '```',
    'Write `b.cjs`:',
    '',
    '```js',
    `const { memory } = require('@drawbridge/core')`,
    'memory({ clok: 1 })',
    '```',
    '```sh',
    'npm install',
    '```',
    '````md',
    '```ts',
    'shown, not meant',
    '```',
    '````',
  ].join('\n')

  it('finds blocks, and what is wrong in them where it stands', () => {
    const found = codeBlocks('guide.md', page)
    expect(found.map(({ line, checked }) => [line, checked])).toEqual([
      [2, true],
      [6, true],
      [11, false],
      [16, true],
    ])
    expect(typeErrors(found.filter(({ checked }) => checked))).toEqual([
      expect.stringMatching(/^guide\.md:4 error TS2322/),
      expect.stringMatching(/^guide\.md:7 error TS2305: .*noSuchThing/),
      expect.stringMatching(/^guide\.md:18 error TS2561: .*clok/),
    ])
  })
})
