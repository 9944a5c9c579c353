import { describe, expect, it } from 'vitest'
import { type EndedGrants, type Ending, isEnded, latestEnding, withEnding } from './endings.ts'

const now = 1_800_000_000
const grant = { client_id: 'desk', provider: 'github', created_at: now - 10 }
const ending = (which: EndedGrants): readonly Ending[] => withEnding([], which, now)

describe('an ending', () => {
  it.each<[string, EndedGrants, boolean]>([
    ['everything', {}, true],
    ['its client', { client_id: 'desk' }, true],
    ['another client', { client_id: 'phone' }, false],
    ['its provider', { provider: 'github' }, true],
    ['another provider', { provider: 'gitlab' }, false],
    ['its client and its provider', { client_id: 'desk', provider: 'github' }, true],
    ['its client at another provider', { client_id: 'desk', provider: 'gitlab' }, false],
    ['what was made before a later time', { before: now - 9 }, true],
    ['what was made before its time', { before: now - 10 }, false],
  ])('of %s', (_, which, expected) => {
    expect(isEnded(grant, ending(which))).toBe(expected)
  })

  it('never takes what was made where it was known, by whatever clock', () => {
    const endings = ending({})
    const later = { ...grant, known_ending: latestEnding(endings) }
    expect(isEnded(later, endings)).toBe(false)
    expect(isEnded(later, withEnding(endings, {}, now - 60))).toBe(true)
  })
})

describe('endings are kept', () => {
  it('in an order that goes on, also within a second and where a clock is behind', () => {
    let endings: readonly Ending[] = []
    for (const [client_id, at] of [
      ['a', now],
      ['b', now],
      ['c', now - 60],
    ] as const) {
      endings = withEnding(endings, { client_id }, at)
    }
    expect(endings.map(({ at }) => at)).toEqual([now, now + 1, now + 2])
    // A store that lost the last ones must not give their place to others.
    expect(latestEnding(withEnding([], {}, now + 3600))).toBe(now + 3600)
  })

  it.each<[EndedGrants, EndedGrants, number]>([
    [{ client_id: 'a' }, { client_id: 'a' }, 1],
    [{ client_id: 'a' }, { client_id: 'b' }, 2],
    [{ client_id: 'a' }, {}, 1],
    [{}, { client_id: 'a' }, 2],
    [{ provider: 'p' }, { client_id: 'a', provider: 'p' }, 2],
    [{ client_id: 'a', provider: 'p' }, { provider: 'p' }, 1],
    [{ before: 1 }, { before: 2 }, 1],
    [{ before: 2 }, { before: 1 }, 2],
    [{ before: 2 }, {}, 1],
    [{}, { before: 2 }, 2],
  ])('unless a later one says it again: %j, %j', (first, second, kept) => {
    expect(withEnding(withEnding([], first, now), second, now)).toHaveLength(kept)
  })

  it('a thousand of them at most', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ client_id: `${index}`, at: index + 1 }))
    expect(() => withEnding(many, { client_id: 'one more' }, now)).toThrow('end everything once')
    expect(withEnding(many, {}, now)).toHaveLength(1)
    expect(withEnding(many, { client_id: '7' }, now)).toHaveLength(1000)
  })
})
