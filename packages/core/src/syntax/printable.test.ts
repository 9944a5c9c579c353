import { expect, it } from 'vitest'
import { printable } from './printable.ts'

it.each([
  ['http://evil.example/cb', 'http://evil.example/cb'],
  ['a"b\\c\u202ed\n\u00e9', 'a?b?c?d??'],
  ['', 'empty'],
  [undefined, 'missing'],
  [null, 'null'],
  [7, '7'],
  [false, 'false'],
  [{ secret: 'x' }, 'an object'],
  [['a', 1, null, ['x'], '"'], '[a, 1, null, an object, ?]'],
  [[], '[]'],
])('%j is named as %s', (value, named) => {
  expect(printable(value)).toBe(named)
})

it('cuts what is long', () => {
  expect(printable('x'.repeat(1_000_000))).toBe(`${'x'.repeat(200)}...`)
  expect(printable(Array(1_000_000).fill('x'.repeat(1000)))).toBe(`[${'x'.repeat(199)}...`)
})
