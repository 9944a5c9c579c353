import { describe, expect, it } from 'vitest'
import { boundedCache } from './bounded-cache.ts'

describe('boundedCache', () => {
  it('forgets at the time it was told', () => {
    const cache = boundedCache<string>(10)
    cache.set('a', 'A', 100)
    expect(cache.get('a', 99)).toBe('A')
    expect(cache.get('a', 100)).toBeUndefined()
    expect(cache.get('a', 99)).toBeUndefined()
  })

  it('holds no more than it may, dropping what was used least recently', () => {
    const cache = boundedCache<string>(2)
    cache.set('a', 'A', 100)
    cache.set('b', 'B', 100)
    cache.get('a', 0)
    cache.set('c', 'C', 100)
    expect([cache.get('a', 0), cache.get('b', 0), cache.get('c', 0)]).toEqual(['A', undefined, 'C'])
  })
})
