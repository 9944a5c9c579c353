import type { GrantRefresh } from '../records/grant.ts'
import { clockSkew } from '../records/records.ts'

/**
 * What a grant remembers of its rotations, and what that says of a genuine refresh token (RFC 9700 4.14.2). Pure: time
 * comes in as Unix seconds.
 */

/** How long replaced refresh tokens are answered. Seconds, but for `streakCount`. */
export interface RefreshPolicy {
  /** Any replaced token answers with the current one. */
  window: number
  /** The same for the last replaced one: its answer may have been lost. */
  lostResponse: number
  /** How long answers may be lost in consecutive generations, or... */
  streak: number
  /** ...how many, whichever is longer. */
  streakCount: number
  /** A current token that is younger is answered again instead of being replaced. */
  rotateEvery: number
}

/**
 * - `ahead`: newer than the record, so that the store has lost writes.
 * - `replayed`: replaced a moment ago.
 * - `late`: the last replaced one, within the allowance. `noted`: nothing has to be written about it.
 * - `superseded`, `streak`: the last replaced one, beyond the allowance, or once too often in a row.
 * - `reused`: older, and replaced long ago: two hold tokens of this grant.
 */
export type Verdict =
  | { kind: 'current' | 'ahead' | 'replayed' | 'superseded' | 'streak' | 'reused' }
  | { kind: 'late'; noted: boolean }

/** Rotations whose times are remembered. */
const remembered = 8

export function judge(
  refresh: GrantRefresh,
  generation: number,
  policy: RefreshPolicy,
  now: number,
): Verdict {
  const behind = refresh.generation - generation
  if (behind < 0) return { kind: 'ahead' }
  if (behind === 0) return { kind: 'current' }
  const at = refresh.replaced_at.at(-behind)
  // A time is forgotten only when it is older than the window on every clock.
  const age = at === undefined ? Number.POSITIVE_INFINITY : now - at
  if (age <= policy.window + clockSkew) return { kind: 'replayed' }
  if (behind > 1) return { kind: 'reused' }
  if (age > policy.lostResponse + clockSkew || policy.lostResponse === 0) return { kind: 'superseded' }
  const { streak } = refresh
  if (streak?.generation === refresh.generation) return { kind: 'late', noted: now <= streak.last }
  const goesOn = streak?.generation === refresh.generation - 1
  if (goesOn && streak.count >= policy.streakCount && now - streak.since > policy.streak + clockSkew) {
    return { kind: 'streak' }
  }
  return { kind: 'late', noted: false }
}

/** With this late answer. */
export function noted(refresh: GrantRefresh, now: number): GrantRefresh {
  const { streak, generation } = refresh
  if (streak?.generation === generation) return { ...refresh, streak: { ...streak, last: now } }
  const { since, count } = streak?.generation === generation - 1 ? streak : { since: now, count: 0 }
  return { ...refresh, streak: { since, last: now, count: count + 1, generation } }
}

/** After writes were lost: a later generation is the current one, and those between are replaced now. */
export function adopted(refresh: GrantRefresh, generation: number, now: number): GrantRefresh {
  const skipped = Math.min(generation - refresh.generation, remembered)
  const times = Array<number>(skipped).fill(Math.max(now, refresh.replaced_at.at(-1) ?? now))
  return { ...refresh, generation, replaced_at: [...refresh.replaced_at, ...times].slice(-remembered) }
}

/**
 * Whether the current token has to be answered again. Were it replaced, a time would be forgotten that may still be
 * within somebody's window, and whoever rotates fast could make every older token look recent, or honest ones old.
 */
export function mustHold(refresh: GrantRefresh, policy: RefreshPolicy, now: number): boolean {
  const [oldest] = refresh.replaced_at
  const latest = refresh.replaced_at.at(-1)
  if (oldest === undefined || latest === undefined) return false
  if (policy.rotateEvery > 0 && now - latest < policy.rotateEvery) return true
  return refresh.replaced_at.length >= remembered && now - oldest <= policy.window + 2 * clockSkew
}

/**
 * The next generation. Whoever had a late answer got the current one only then, so that only then the one before was
 * really replaced: other processes of the same client may still be on their way with it.
 */
export function rotated(refresh: GrantRefresh, now: number): GrantRefresh {
  const { streak, replaced_at } = refresh
  const last = replaced_at.at(-1)
  const isLate = last !== undefined && streak?.generation === refresh.generation && streak.last > last
  const moved = isLate ? { ...refresh, replaced_at: [...replaced_at.slice(0, -1), streak.last] } : refresh
  return adopted(moved, refresh.generation + 1, now)
}
