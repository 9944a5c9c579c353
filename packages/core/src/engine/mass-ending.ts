import { type Clock, unixTime } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import { checkCall, inWords } from '../known-options.ts'
import { apiKeyKinds, madeAs } from '../records/api-key.ts'
import { type ConnectionRecord, connectionKinds } from '../records/connection.ts'
import { type EndedGrants, type Ending, isEnded } from '../records/endings.ts'
import { type GrantRecord, grantKinds, grantRef } from '../records/grant.ts'
import { forEachKey, type Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { endApiKeys } from './api-key-ending.ts'
import { type EndGrant, someGrant } from './ending.ts'

/**
 * Which grants to end: those of a client, of a provider, or of both; or really everything. With `before`, those made
 * before that time. A condition that is there and empty is an error, so that a variable without a value ends nobody.
 */
export type WhichGrants = (
  | { client_id: string; provider?: string; everything?: never }
  | { client_id?: never; provider: string; everything?: never }
  | { client_id?: never; provider?: never; everything: true }
) & {
  /**
   * A Date, or Unix seconds. By the clock of the instance that made a grant, which may be a minute off. Default: what was
   * made until now, in which no clock has a say.
   */
  before?: Date | number
}

/** What {@link GrantAdmin.endAll} found in the store. What it ends is over before it looks there. */
export interface EndedReport {
  /** Grants and API keys ended: with an event each, and without the provider's tokens from now on. */
  ended: number
  /** The provider's tokens that were kept beside them, of sign-ins that were never finished. */
  forgotten: number
  /** Records that do not open or would not go. Of those that do not open, nobody knows which they were. */
  failed: number
}

export interface MassEnding {
  endAll(which: WhichGrants): Promise<EndedReport>
  /** Goes on where an earlier call was interrupted. Throws what a grant failed with that opens. */
  finish(): Promise<number>
}

/** Seconds after which no request is at work any more that knew nothing of an ending. */
const longestRequest = 600

interface Dependencies {
  records: Records
  keys: ServerKeys
  connections: Connections
  clock: Clock
  emit: Emit
  end: EndGrant
}

export function massEnding(dependencies: Dependencies): MassEnding {
  const { keys, clock, emit } = dependencies
  return {
    async endAll(given) {
      const which = checked(given, unixTime(clock))
      const ending = await keys.end(which)
      emit({ type: 'grants.ended', ...which })
      const { failures, ...report } = await walk(dependencies, ending)
      return report
    },

    async finish() {
      const endings = (await keys.endings()).filter(({ unfinished }) => unfinished)
      if (endings.length === 0) return 0
      const began = unixTime(clock)
      const { ended, failed, failures } = await walk(dependencies, endings)
      if (failures.length > 0) throw failures[0]
      // A sign-in that was on its way at the time may have come to the store behind an earlier walk.
      const done = endings.filter(({ at }) => began - at >= longestRequest)
      if (failed === 0 && done.length > 0) await keys.finished(done)
      return ended
    },
  }
}

function checked(given: WhichGrants, now: number): EndedGrants {
  checkCall<WhichGrants>(
    'grants.endAll({ client_id })',
    given,
    { client_id: 'text', provider: 'text', everything: true, before: true },
    'grants.endAll.',
  )
  const { client_id, provider, everything, before } = given
  const fix = 'Pass a `client_id` or a `provider`, or `everything: true` where everybody shall sign in again.'
  const empty = Object.entries(given).find(([, value]) => value === undefined || value === '')
  if (empty) throw new ConfigurationError(`grants.endAll.${empty[0]}`, 'is empty', fix)
  const isNamed = client_id !== undefined || provider !== undefined
  if (isNamed === (everything !== undefined) || (everything !== undefined && everything !== true)) {
    const got = isNamed ? 'is told to end everything, and something' : 'is not told what to end'
    throw new ConfigurationError('grants.endAll()', got, fix)
  }
  return {
    ...(client_id !== undefined && { client_id }),
    ...(provider !== undefined && { provider }),
    ...(before !== undefined && { before: timeOf(before, now) }),
  }
}

function timeOf(before: unknown, now: number): number {
  const wrong = (got: string, fix: string) => new ConfigurationError('grants.endAll.before', got, fix)
  const seconds = before instanceof Date ? before.getTime() / 1000 : before
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
    const got = before instanceof Date ? 'no valid date' : inWords(before)
    throw wrong(`is ${got}`, 'Pass a Date, or Unix seconds.')
  }
  if (seconds > now + 1) {
    const fix =
      'Pass a Date, or Unix seconds and not milliseconds. What is made later is ended by another call, then.'
    throw wrong('is later than now', fix)
  }
  // Grants have whole seconds: of the last one, all.
  return Math.ceil(seconds)
}

/** Ends what is covered by these endings and still lies in the store. The first failure to list ends it. */
async function walk(
  dependencies: Dependencies,
  endings: readonly Ending[],
): Promise<EndedReport & { failures: unknown[] }> {
  const { records, end } = dependencies
  const failures: unknown[] = []
  const report = { ended: 0, forgotten: 0, failed: 0, failures }
  const attempted = async (work: () => Promise<void>) => {
    await work().catch((error: unknown) => {
      report.failed++
      failures.push(error)
    })
  }
  await forEachKey(records, grantKinds, (key) =>
    attempted(async () => {
      const grant = await records.peek<GrantRecord>(key)
      if (grant?.unreadable) report.failed++
      if (!grant?.value || !isEnded(grant.value, endings)) return
      await end(grantRef(grant.value), 'administration')
      report.ended++
    }),
  )
  const keys = await endApiKeys(dependencies, {
    prefix: apiKeyKinds,
    reason: 'administration',
    isMeant: (key) => isEnded(madeAs(key), endings),
  })
  report.ended += keys.ended
  report.failed += keys.failures.length + keys.unreadable.length
  report.failures.push(...keys.failures)
  // Of one client's, none is left: every connection of theirs had a grant.
  const wide = endings.filter(({ client_id }) => client_id === undefined)
  if (wide.length === 0) return report
  await forEachKey(records, connectionKinds, (key) =>
    attempted(async () => {
      const connection = await records.peek<ConnectionRecord>(key)
      if (connection?.unreadable) report.failed++
      const { value } = connection ?? {}
      if (!value || !wide.some(({ provider }) => provider === undefined || provider === value.provider))
        return
      if (await forgotten(dependencies, value)) report.forgotten++
    }),
  )
  return report
}

/** Forgets the provider's tokens that no grant stands on, and ends them there where that ends no grant. */
async function forgotten(
  { records, keys, connections }: Dependencies,
  { owner, id }: Readonly<ConnectionRecord>,
): Promise<boolean> {
  const standing = async (isMeant: (grant: Readonly<GrantRecord>) => boolean): Promise<boolean> => {
    const endings = await keys.endings()
    return someGrant(records, owner, (grant) => isMeant(grant) && !isEnded(grant, endings))
  }
  const connection = await connections.forget(owner, id, () => standing((grant) => grant.connection === id))
  if (!connection) return false
  await connections.revoke(connection, undefined, () => standing((grant) => grant.connection !== undefined))
  return true
}
