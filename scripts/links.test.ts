import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { deadLinks } from './links.ts'
import { fencedBlocks } from './readme.ts'
import { root } from './workspace.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'apps/*/*.md', 'packages/**/*.md'], {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
})
const text = (page: string) => readFileSync(join(root, page), 'utf8')

it('links between our pages lead somewhere', () => {
  expect(pages).toContain('docs/guides/limits.md')
  expect(pages.flatMap((page) => deadLinks(page, text(page)))).toEqual([])
})

it('every guide is found from the front page, or by whoever works on Drawbridge', () => {
  const starts = text('README.md') + text('CONTRIBUTING.md')
  const guides = pages.filter((page) => page.startsWith('docs/guides/'))
  expect(guides.filter((guide) => !starts.includes(`](${guide})`))).toEqual([])
})

it('JSON in our pages is JSON', () => {
  const blocks = pages.flatMap((page) => fencedBlocks(page, text(page)))
  const json = blocks.filter(({ language }) => language === 'json')
  expect(json.length).toBeGreaterThan(0)
  for (const { page, line, code } of json) expect(() => JSON.parse(code), `${page}:${line}`).not.toThrow()
})

it('a link to a page, a heading or a folder that is not there is found', () => {
  const page = [
    '# One & two',
    '[a](limits.md) [b](limits.md#who-is-a-sender) [c](#one--two) [d](https://example.com/x.md)',
    '[e](../../packages/core#scopes) [f](../../packages/core/src/index.ts)',
    '```md',
    '[g](nothing.md)',
    '```',
    '[h](nothing.md) [i](limits.md#nothing) [j](#nothing) [k](../../../outside.md) [l](../../packages/core#nothing)',
  ].join('\n')
  expect(deadLinks('docs/guides/a.md', page).map((link) => link.slice(18))).toEqual([
    'nothing.md',
    'limits.md#nothing',
    '#nothing',
    '../../../outside.md',
    '../../packages/core#nothing',
  ])
})
