import type { GrantRecord } from './grant.ts'

/**
 * "All of these are over", said once for however many there are: every load of a grant respects it, and the records
 * themselves go at leisure. Kept in `server/keys`, which every instance reads again all the time.
 */
export interface Ending extends EndedGrants {
  /** Unix seconds, and what it is known by: each is later than the one before. */
  at: number
  /** Some of the grants may still lie in the store. */
  unfinished?: boolean | undefined
}

/** Which grants: those for which all of this holds. */
export interface EndedGrants {
  client_id?: string | undefined
  /** A provider's id. */
  provider?: string | undefined
  /** Unix seconds: only what was made before, by the clock of the instance that made it. */
  before?: number | undefined
}

/** What is known of anything that may be over. */
export type Made = Pick<GrantRecord, 'provider' | 'created_at' | 'known_ending'> & {
  /** A sign-in session belongs to none. */
  client_id?: string | undefined
}

/**
 * Whether a grant is over. One that was made by an instance that knew of the ending came later, whatever the clocks say;
 * any other one came before.
 */
export function isEnded(grant: Readonly<Made>, endings: readonly Ending[]): boolean {
  return endings.some(
    ({ at, client_id, provider, before }) =>
      (grant.known_ending ?? 0) < at &&
      (client_id === undefined || client_id === grant.client_id) &&
      (provider === undefined || provider === grant.provider) &&
      (before === undefined || grant.created_at < before),
  )
}

/** So many are kept, and one that ends everything takes the place of all. */
const mostEndings = 1000

/** With one more, without those that it says again. */
export function withEnding(endings: readonly Ending[], which: EndedGrants, now: number): readonly Ending[] {
  const at = Math.max(now, (latestEnding(endings) ?? 0) + 1)
  const kept = endings.filter((earlier) => !covers(which, earlier))
  if (kept.length >= mostEndings) {
    throw new Error(`grants: ${mostEndings} endings are kept already; end everything once`)
  }
  return [...kept, { ...which, at, unfinished: true }]
}

/** The last one there is; a new grant is stamped with it. */
export function latestEnding(endings: readonly Ending[]): number | undefined {
  return endings.at(-1)?.at
}

function covers(which: EndedGrants, earlier: Ending): boolean {
  return (
    (which.client_id === undefined || which.client_id === earlier.client_id) &&
    (which.provider === undefined || which.provider === earlier.provider) &&
    (which.before === undefined || (earlier.before !== undefined && earlier.before <= which.before))
  )
}
