import { describe, expect, it } from 'vitest'
import { boundedCache } from './bounded-cache.ts'

describe('boundedCache', () => {
  it('holds no more entries than it may, and drops what was used least recently', () => {
    const cache = boundedCache<string>(2)
    cache.set('a', 'A')
    cache.set('b', 'B')
    cache.get('a')
    cache.set('c', 'C')
    expect([...cache.entries()]).toEqual([
      ['a', 'A'],
      ['c', 'C'],
    ])
    expect([cache.get('b'), cache.has('b')]).toEqual([undefined, false])
  })

  it('holds no more than it may in all', () => {
    const cache = boundedCache<string>(10)
    cache.set('a', 'A', 4)
    cache.set('b', 'B', 4)
    cache.set('c', 'C', 6)
    expect([...cache.entries()].map(([key]) => key)).toEqual(['b', 'c'])
    cache.set('b', 'B', 5)
    expect([...cache.entries()].map(([key]) => key)).toEqual(['b'])
  })

  it('counts an entry once, however often it is replaced', () => {
    const cache = boundedCache<number>(100)
    for (let round = 0; round < 50; round++) cache.set('a', round, 40)
    cache.set('b', 0, 60)
    expect([...cache.entries()]).toEqual([
      ['a', 49],
      ['b', 0],
    ])
  })

  it('keeps the rest when one entry is too large for it', () => {
    const cache = boundedCache<string>(10)
    cache.set('a', 'A', 4)
    cache.set('b', 'B', 11)
    expect(cache.get('b')).toBeUndefined()
    expect(cache.get('a')).toBe('A')
  })

  it('has room again for what was deleted, also while it is gone through', () => {
    const cache = boundedCache<string>(2)
    cache.set('a', 'A')
    cache.set('b', 'B')
    for (const [key] of cache.entries()) cache.delete(key)
    cache.delete('a')
    cache.set('c', 'C')
    cache.set('d', 'D')
    expect([...cache.entries()]).toHaveLength(2)
  })
})
