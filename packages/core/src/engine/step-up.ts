import { type Clock, unixTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { GrantRef } from '../records/grant.ts'
import type { Records } from '../records/records.ts'
import { type StepUpRecord, stepUpKey } from '../records/step-up.ts'

/**
 * What is remembered of a 403 `insufficient_scope`, for clients that refresh then and would get the same scopes again. It
 * lies in the store, since gate and token endpoint may be different instances, and not in the grant, which has no part in
 * it. It is a help and no promise: whoever cannot write or read it goes on without.
 */
export interface StepUps {
  /** The client of this grant was told that it needs these. */
  note(grant: GrantRef, scopes: readonly string[]): Promise<void>
  /**
   * Whether a refresh is to be refused for that: at most one of them is, and only where another sign-in would help
   * with what was needed.
   */
  take(grant: GrantRef, helps: (scopes: readonly string[]) => boolean): Promise<boolean>
}

/** Seconds from a 403 to the refresh that answers it, and to the next 403 that counts. */
const soon = 20

export function stepUps({ records, clock }: { records: Records; clock: Clock }): StepUps {
  return {
    async note(grant, scopes) {
      const refused_at = unixTime(clock)
      const value: StepUpRecord = { refused_at, scopes, answered: false }
      // One that is there stays: it may have been answered.
      const condition = { ifVersion: null, expiresAt: refused_at + soon, once: true }
      await passing(records.put(stepUpKey(grant), value, condition))
    },
    async take(grant, helps) {
      const key = stepUpKey(grant)
      const noted = await passing(records.get<StepUpRecord>(key, { keep: false }))
      if (!noted || noted.value.answered || !helps(noted.value.scopes)) return false
      const answered: StepUpRecord = { ...noted.value, answered: true }
      const condition = { ifVersion: noted.version, expiresAt: noted.value.refused_at + soon }
      return (await passing(records.put(key, answered, condition))) !== undefined
    },
  }
}

/** `undefined` for an outage: then it is as though nobody had asked for this. */
async function passing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isNamed(error, 'Unavailable')) return undefined
    throw error
  }
}
