import { describe, expect, it } from 'vitest'
import type { GrantRefresh } from '../records/grant.ts'
import { adopted, judge, mustHold, noted, type RefreshPolicy, rotated } from './refresh-history.ts'

const policy: RefreshPolicy = {
  window: 120,
  lostResponse: 3600,
  streak: 86_400,
  streakCount: 8,
  rotateEvery: 0,
}
const fresh: GrantRefresh = { seed: 's', r_hash: 'h', generation: 0, replaced_at: [] }

/** With a rotation at each of these times. */
const rotatedAt = (...times: readonly number[]) => times.reduce((refresh, at) => rotated(refresh, at), fresh)

describe('a replaced token', () => {
  it.each([
    ['within the window by any clock', 180, 'replayed'],
    ['later, within the allowance', 181, 'late'],
    ['within the allowance by any clock', 3660, 'late'],
    ['beyond', 3661, 'superseded'],
  ])('one behind, %s', (_, age, kind) => {
    expect(judge(rotatedAt(1000), 0, policy, 1000 + age).kind).toBe(kind)
  })

  it.each([
    ['within the window by any clock', 180, 'replayed'],
    ['later', 181, 'reused'],
  ])('two behind, %s', (_, age, kind) => {
    expect(judge(rotatedAt(1000, 1000), 0, policy, 1000 + age).kind).toBe(kind)
  })

  it('whose time is forgotten was replaced long ago', () => {
    expect(judge(rotatedAt(1, 1, 1, 1, 1, 1, 1, 1, 500), 0, policy, 500).kind).toBe('reused')
  })

  it('has no allowance where it is switched off', () => {
    expect(judge(rotatedAt(1000), 0, { ...policy, lostResponse: 0 }, 1181).kind).toBe('superseded')
  })
})

it('times never go back, whichever instance wrote them', () => {
  expect(rotatedAt(1000, 950, 1010).replaced_at).toEqual([1000, 1000, 1010])
})

describe('eight rotations', () => {
  const eight = rotatedAt(0, 1, 2, 3, 4, 5, 6, 7)

  it('are remembered, and hold the token while the first is young', () => {
    expect(eight.replaced_at).toHaveLength(8)
    expect([mustHold(eight, policy, 240), mustHold(eight, policy, 241)]).toEqual([true, false])
  })

  it('of long ago make room', () => {
    expect(rotated(eight, 241)).toMatchObject({ generation: 9, replaced_at: [1, 2, 3, 4, 5, 6, 7, 241] })
  })
})

describe('late answers', () => {
  const late = (refresh: GrantRefresh, now: number) => judge(refresh, refresh.generation - 1, policy, now)

  /** As many as given, one after the other, each with a rotation `every` so many seconds. */
  function streak(count: number, every: number): GrantRefresh {
    let refresh = fresh
    for (let times = 0; times < count; times++) {
      refresh = noted(rotated(refresh, times * every), times * every + 600)
    }
    return refresh
  }

  it('count once for each generation', () => {
    const once = noted(rotatedAt(0), 600)
    expect(late(once, 600)).toEqual({ kind: 'late', noted: true })
    expect(late(once, 601)).toEqual({ kind: 'late', noted: false })
    expect(noted(once, 601).streak).toEqual({ since: 600, last: 601, count: 1, generation: 1 })
  })

  it('are when the token was really replaced, for other processes that still come with it', () => {
    const moved = rotated(noted(noted(rotatedAt(0), 1000), 3000), 3001)
    expect(moved.replaced_at).toEqual([3000, 3001])
    expect(judge(moved, 0, policy, 3180).kind).toBe('replayed')
    expect(judge(moved, 0, policy, 3181).kind).toBe('reused')
  })

  it.each([
    ['seven within a day', 7, 3600, 'late'],
    ['twenty within a day', 20, 3600, 'late'],
    ['seven in as many days', 7, 86_400, 'late'],
    ['eight in as many days', 8, 86_400, 'streak'],
    ['twenty-five within more than a day', 25, 3600, 'streak'],
  ])('after %s', (_, count, every, kind) => {
    const again = rotated(streak(count, every), count * every)
    expect(late(again, count * every + 600).kind).toBe(kind)
  })

  it('begin anew after a generation without one', () => {
    const paused = rotated(rotated(streak(8, 86_400), 8 * 86_400), 9 * 86_400)
    expect(late(paused, 9 * 86_400 + 600).kind).toBe('late')
    expect(noted(paused, 0).streak?.count).toBe(1)
  })
})

describe('a generation ahead of the record', () => {
  it('is adopted, and those between count as replaced now', () => {
    expect(judge(rotatedAt(5), 4, policy, 1000).kind).toBe('ahead')
    const after = adopted(rotatedAt(5), 4, 1000)
    expect(after).toMatchObject({ generation: 4, replaced_at: [5, 1000, 1000, 1000] })
    expect(judge(after, 1, policy, 1180).kind).toBe('replayed')
    expect(judge(after, 0, policy, 1180).kind).toBe('reused')
  })

  it('however far: the newest eight', () => {
    expect(adopted(fresh, 1_000_000, 7).replaced_at).toEqual(Array(8).fill(7))
  })
})
