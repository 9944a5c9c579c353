import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Row, tableRows, unfounded } from './conformance.ts'
import { root } from './workspace.ts'

const read = (path: string) =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined

describe.each([
  { page: 'docs/conformance.md', leastRows: 150, leastSections: 20 },
  { page: 'docs/threats.md', leastRows: 90, leastSections: 10 },
  { page: 'docs/guides/troubleshooting.md', leastRows: 35, leastSections: 5 },
])('$page', ({ page, leastRows, leastSections }) => {
  const rows = tableRows(readFileSync(join(root, page), 'utf8'))

  it('has a row for each requirement, in a table for each section', () => {
    expect(rows.length).toBeGreaterThan(leastRows)
    expect(new Set(rows.map(({ section }) => section)).size).toBeGreaterThanOrEqual(leastSections)
  })

  it('names tests that are there, or says why there is none', () => {
    expect(rows.flatMap((row) => unfounded(row, read))).toEqual([])
  })
})

describe('the check', () => {
  const table = (cell: string, where: string) =>
    [
      '## Section',
      '',
      '| What | Where | Test |',
      '|---|---|---|',
      `| Does it | ${where} | ${cell} |`,
      '',
      'Text',
    ].join('\n')
  const source = ["it('does it', () => {})", "it.each([['a row', 1]])('wrong %s', () => {})"].join('\n')
  const found = (cell: string, where = 'MUST') =>
    tableRows(table(cell, where)).flatMap((row: Row) =>
      unfounded(row, (path) => (path === 'apps/a.test.ts' ? source : undefined)),
    )

  it.each([
    '[a.test.ts](../apps/a.test.ts) `does it`',
    '[a.test.ts](../apps/a.test.ts) `does it`, `a row`; [a.test.ts](../apps/a.test.ts) `wrong %s`. But `not` so',
    'Not tested: the runtime does it.',
    'Not kept: it would lock people out.',
    'Not concerned: there is no such thing here.',
  ])('takes %s', (cell) => {
    expect(found(cell)).toEqual([])
  })

  it.each([
    ['', 'Section: "Does it" has neither a test nor a reason'],
    ['yes', 'Section: "Does it" has neither a test nor a reason'],
    ['Not tested: no', 'Section: "Does it" has neither a test nor a reason'],
    ['[a.test.ts](../apps/a.test.ts)', 'Section: "Does it" names no test of apps/a.test.ts'],
    [
      '[b.test.ts](../apps/b.test.ts) `does it`',
      'Section: "Does it" names apps/b.test.ts, which is not there',
    ],
    [
      '[a.test.ts](../apps/a.test.ts) `does`',
      'Section: "Does it" names "does", which is not in apps/a.test.ts',
    ],
    [
      '[a.test.ts](../apps/a.test.ts) `does it`, `it does`',
      'Section: "Does it" names "it does", which is not in apps/a.test.ts',
    ],
  ])('does not take %j', (cell, message) => {
    expect(found(cell)).toEqual([message])
  })

  it('wants what does it to be there, too', () => {
    const test = '[a.test.ts](../apps/a.test.ts) `does it`'
    expect(found(test, '[a.test.ts](../apps/a.test.ts)')).toEqual([])
    expect(found(test, '[a.test.ts](../apps/a.test.ts), [b.ts](../apps/b.ts)')).toEqual([
      'Section: "Does it" names apps/b.ts, which is not there',
    ])
  })
})
