import { expect, it } from 'vitest'
import { byteCache } from './byte-cache.ts'

it('holds at most its bytes, and the longest unused goes first', () => {
  const cache = byteCache<string>(100)
  for (const key of ['a', 'b', 'c']) cache.set(key, key, 30)
  expect(cache.get('a')).toBe('a')
  cache.set('d', 'd', 30)
  expect(['a', 'b', 'c', 'd'].map((key) => cache.has(key))).toEqual([true, false, true, true])
  expect(cache.bytes).toBe(90)
})

it('counts an entry once, however often it is replaced or removed', () => {
  const cache = byteCache<number>(100)
  for (let round = 0; round < 50; round++) cache.set('a', round, 40)
  expect([cache.bytes, cache.get('a')]).toEqual([40, 49])
  cache.delete('a')
  cache.delete('a')
  expect([cache.bytes, cache.get('a')]).toEqual([0, undefined])
})

it('keeps nothing that is larger than itself', () => {
  const cache = byteCache<string>(100)
  cache.set('a', 'a', 10)
  cache.set('b', 'b', 101)
  expect([cache.has('a'), cache.has('b'), cache.bytes]).toEqual([true, false, 10])
})
