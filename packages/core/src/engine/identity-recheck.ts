import { type Clock, inTime, unixTime } from '../clock.ts'
import { isNamed, NoUpstreamToken, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import { AccessDenied, type FormProvider, type Identity } from '../identity/provider.ts'
import { tellOutage } from '../identity/upstream-error.ts'
import { OAuthError } from '../oauth-error.ts'
import { apiKeyPrefix } from '../records/api-key.ts'
import { type GrantRecord, grantKeptUntil, grantKey, grantRef } from '../records/grant.ts'
import { takeLease } from '../records/lease.ts'
import { type Records, update } from '../records/records.ts'
import { endApiKeys } from './api-key-ending.ts'
import type { EndGrant } from './ending.ts'

/**
 * Asks the provider, now and then, whether this person may still enter. Resolves to true when the grant was changed
 * and must be read again. Throws `invalid_grant` when the answer is no, after ending the grant.
 */
export type RecheckIdentity = (grant: Readonly<GrantRecord>) => Promise<boolean>

/** Seconds one instance has for it, while the others go ahead. */
const leaseSeconds = 60
/** Milliseconds that a form provider may take. */
const recheckPatience = 20_000
/** Milliseconds between looks while another instance asks and an answer is needed. */
const pollEvery = 500

export function identityRecheck(dependencies: {
  records: Records
  connections: Connections
  /** The others, whose tokens may not be kept. */
  upstreams: ReadonlyMap<string, unknown>
  /** Those whose people sign in at a page of ours, by id. */
  forms: ReadonlyMap<string, FormProvider>
  clock: Clock
  emit: Emit
  end: EndGrant
  /** Seconds. */
  every: number
  /** Seconds beyond that an outage is tolerated. */
  grace: number
}): RecheckIdentity {
  const { records, connections, upstreams, forms, clock, emit, end, every, grace } = dependencies

  /** `undefined`: nobody can be asked. */
  function whoToAsk(grant: Readonly<GrantRecord>): ((previous: Identity) => Promise<Identity>) | undefined {
    const { owner, connection, correlation, provider } = grant
    if (connection !== undefined) {
      return (previous) => connections.identify(owner, connection, previous, correlation)
    }
    if (upstreams.has(provider)) return undefined
    const form = forms.get(provider)
    if (!form) {
      return async () => {
        throw new NoUpstreamToken(`The provider "${provider}" is no longer configured.`)
      }
    }
    if (!form.recheck) return undefined
    const ask = form.recheck.bind(form)
    return async (previous) => {
      const answer = await asked(ask, previous.sub).catch((error: unknown) => {
        tellOutage(emit, provider, error, correlation)
        throw new Unavailable(`sign-in: ${provider} cannot tell now who may enter`, { cause: error })
      })
      if (answer) return previous
      throw new AccessDenied('This account has no access any more.')
    }
  }

  return async (grant) => {
    const age = unixTime(clock) - grant.identity_checked_at
    if (age < every) return false
    const ask = whoToAsk(grant)
    if (!ask) return false
    const lease = await takeLease(records, clock, grant.owner, `identity-${grant.id}`, leaseSeconds)
    if (!lease) {
      if (age < every + grace) return false
      // Somebody is asking right now, and the answer is ours too.
      await clock.sleep(pollEvery)
      return true
    }
    try {
      // Whoever had the lease before may have asked since this grant was read.
      const current = await records.get<GrantRecord>(grantKey(grantRef(grant)))
      if (!current || unixTime(clock) - current.value.identity_checked_at < every) return true
      const { correlation } = grant
      const previous = { sub: grant.subject.slice(grant.provider.length + 1), claims: current.value.claims }
      const identity = await ask(previous)
      if (identity.sub !== previous.sub) return await refuse(grant, 'identity_refused')
      await update<GrantRecord>(records, grantKey(grantRef(grant)), grantKeptUntil, (value) => ({
        ...value,
        claims: identity.claims,
        identity_checked_at: unixTime(clock),
      }))
      emit({ type: 'identity.confirmed', grant: grantRef(grant), provider: grant.provider, correlation })
      return true
    } catch (error) {
      if (isNamed(error, 'AccessDenied')) return await refuse(grant, 'identity_refused')
      if (isNamed(error, 'UpstreamEnded')) return await refuse(grant, 'upstream_ended')
      if (isNamed(error, 'OAuthError')) throw error
      if (age < every + grace) return false
      // Without tokens nobody can be asked, now or later.
      if (isNamed(error, 'NoUpstreamToken')) return await refuse(grant, 'upstream_ended')
      // Ours or the provider's: it says so itself.
      if (isNamed(error, 'Unavailable')) throw error
      throw new Unavailable('upstream: the identity could not be checked for too long', { cause: error })
    } finally {
      await lease.release()
    }
  }

  async function endKeys(owner: string): Promise<void> {
    const which = { prefix: apiKeyPrefix(owner), reason: 'identity_refused' } as const
    const { failures } = await endApiKeys(dependencies, which)
    if (failures.length > 0) throw failures[0]
  }

  async function refuse(
    grant: Readonly<GrantRecord>,
    reason: 'identity_refused' | 'upstream_ended',
  ): Promise<never> {
    const { correlation, owner } = grant
    const isRefused = reason === 'identity_refused'
    // Before the grant, without which nobody asks again: an outage leaves both to the next time.
    if (isRefused) await endKeys(owner)
    try {
      await end(grantRef(grant), reason)
    } finally {
      // A request that the grant had let in may have been making one.
      if (isRefused) await endKeys(owner)
    }
    throw new OAuthError('invalid_grant', 'The identity provider no longer lets this account in.', {
      event: { type: 'refresh.refused', reason: 'identity', grant: grantRef(grant), correlation },
    })
  }
}

/** Whether this account may still enter. What is neither yes nor no says nothing, as an outage does. */
async function asked(recheck: NonNullable<FormProvider['recheck']>, sub: string): Promise<boolean> {
  const late = () => new Error(`recheck() took longer than ${recheckPatience} ms`)
  const answer: unknown = await inTime(Promise.resolve(recheck(sub)), recheckPatience, late)
  if (typeof answer === 'boolean') return answer
  throw new TypeError('recheck() resolved to neither true nor false')
}
