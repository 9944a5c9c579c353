import type { UpstreamToken } from '../auth.ts'
import { type Clock, unixTime } from '../clock.ts'
import { isNamed, NoUpstreamToken, Unavailable, UpstreamEnded } from '../errors.ts'
import type { EventListener } from '../events.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import { type Lease, takeLease } from '../records/lease.ts'
import { type Records, remove, update, type Versioned } from '../records/records.ts'
import type { Identity, UpstreamTokens } from './provider.ts'
import type { Upstream, UpstreamError } from './upstream.ts'

/** The provider's tokens, kept apart from the grants that use them. */
export interface Connections {
  /** Keeps what a login obtained. Per-user providers share one connection, and the newest login wins. */
  save(login: {
    owner: string
    id: string
    provider: string
    subject: string
    tokens: UpstreamTokens
    expires_at: number
  }): Promise<void>
  /** Moves the store's expiry on. False when the connection is gone. */
  extend(owner: string, id: string, expires_at: number): Promise<boolean>
  /** The provider's access token, refreshed when it is near its end. */
  token(owner: string, id: string): Promise<UpstreamToken>
  /** Asks the provider again who this is. Throws `AccessDenied`, {@link UpstreamEnded} or {@link Unavailable}. */
  identify(owner: string, id: string): Promise<Identity>
  /** Forgets the connection and hands its tokens to whoever revokes them. */
  forget(owner: string, id: string): Promise<ConnectionRecord | undefined>
}

/** Seconds: longer than the provider's time-out and the store's retries together. */
const leaseSeconds = 25
/** An access token this near its end, in seconds, is refreshed first. */
const nearExpiry = 60
/** Milliseconds between looks while another instance refreshes. */
const pollEvery = 150

export function connections(dependencies: {
  records: Records
  upstreams: ReadonlyMap<string, Upstream>
  clock: Clock
  emit: EventListener
}): Connections {
  const { records, upstreams, clock, emit } = dependencies
  const refreshing = new Map<string, Promise<Versioned<ConnectionRecord>>>()

  function upstreamOf(connection: Readonly<ConnectionRecord>): Upstream {
    const found = upstreams.get(connection.provider)
    if (!found) throw new NoUpstreamToken(`The provider "${connection.provider}" is no longer configured.`)
    return found
  }

  function isFresh(connection: Readonly<ConnectionRecord>): boolean {
    const { expires_at } = connection.tokens
    return expires_at === undefined || expires_at - unixTime(clock) > nearExpiry
  }

  async function read(owner: string, id: string): Promise<Versioned<ConnectionRecord>> {
    const record = await records.get<ConnectionRecord>(connectionKey(owner, id))
    if (!record)
      throw new NoUpstreamToken('No provider token is kept for this user. Sign in again to obtain one.')
    if (record.value.ended) throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
    return record
  }

  async function fresh(owner: string, id: string): Promise<Versioned<ConnectionRecord>> {
    const record = await read(owner, id)
    if (isFresh(record.value)) return record
    const known = refreshing.get(record.key)
    if (known) return known
    const work = coordinate(owner, id).finally(() => refreshing.delete(record.key))
    refreshing.set(record.key, work)
    return work
  }

  /** One instance refreshes under the lease; the others look again until it is done. */
  async function coordinate(owner: string, id: string): Promise<Versioned<ConnectionRecord>> {
    const deadline = clock.now() + leaseSeconds * 1000
    while (clock.now() < deadline) {
      const record = await read(owner, id)
      if (isFresh(record.value)) return record
      if (!record.value.tokens.refresh_token)
        return usableOr(record, () => new UpstreamEnded('The provider token expired. Sign in again.'))
      const lease = await takeLease(records, clock, owner, `upstream-${id}`, leaseSeconds)
      if (lease) {
        const outcome = await refreshUnder(lease, owner, id)
        if (outcome) return outcome
      } else {
        await clock.sleep(pollEvery)
      }
    }
    throw new Unavailable('upstream: a refresh did not finish in time')
  }

  async function refreshUnder(
    lease: Lease,
    owner: string,
    id: string,
  ): Promise<Versioned<ConnectionRecord> | undefined> {
    try {
      const record = await read(owner, id)
      if (isFresh(record.value)) return record
      let tokens: UpstreamTokens
      try {
        tokens = await upstreamOf(record.value).refresh(record.value.tokens)
      } catch (error) {
        return await refreshFailed(record, error)
      }
      const value: ConnectionRecord = { ...record.value, tokens, obtained_at: unixTime(clock) }
      // Under conflict a new login has replaced the tokens; its record is read next time round.
      const version = await storeRotated(record, value)
      emit({ type: 'upstream.refreshed', provider: value.provider, owner })
      return version === undefined ? undefined : { ...record, value, version }
    } finally {
      await lease.release()
    }
  }

  /** The provider may have ended the old refresh token already: the new one is worth several rounds of retries. */
  async function storeRotated(
    record: Versioned<ConnectionRecord>,
    value: ConnectionRecord,
  ): Promise<string | undefined> {
    for (let round = 1; ; round++) {
      try {
        return await records.put(record.key, value, {
          ifVersion: record.version,
          expiresAt: value.expires_at,
        })
      } catch (error) {
        if (round === 5) throw error
      }
    }
  }

  async function refreshFailed(
    record: Versioned<ConnectionRecord>,
    error: unknown,
  ): Promise<Versioned<ConnectionRecord> | undefined> {
    const { provider, owner, id } = record.value
    if (isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'ended') {
      const current = await read(owner, id)
      if (current.version !== record.version) return isFresh(current.value) ? current : undefined
      await records.put(
        record.key,
        { ...record.value, ended: true },
        { ifVersion: record.version, expiresAt: record.value.expires_at },
      )
      emit({ type: 'upstream.ended', provider, owner })
      throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
    }
    emit({
      type: 'upstream.unavailable',
      provider,
      reason: error instanceof Error ? error.message : 'unknown',
    })
    return usableOr(
      record,
      () => new Unavailable(`upstream: ${provider} cannot refresh now`, { cause: error }),
    )
  }

  /** Near its end is not past it. */
  function usableOr(record: Versioned<ConnectionRecord>, error: () => Error): Versioned<ConnectionRecord> {
    if ((record.value.tokens.expires_at ?? 0) > unixTime(clock) + 5) return record
    throw error()
  }

  return {
    async save(login) {
      const key = connectionKey(login.owner, login.id)
      const value: ConnectionRecord = { ...login, obtained_at: unixTime(clock) }
      for (let attempt = 0; attempt < 10; attempt++) {
        const existing = await records.get<ConnectionRecord>(key)
        const expiresAt = Math.max(login.expires_at, existing?.value.expires_at ?? 0)
        const version = await records.put(
          key,
          { ...value, expires_at: expiresAt },
          { ifVersion: existing?.version ?? null, expiresAt },
        )
        if (version !== undefined) return
      }
      throw new Unavailable('storage: too many logins of one user at once')
    },

    async extend(owner, id, expires_at) {
      const record = await update<ConnectionRecord>(
        records,
        connectionKey(owner, id),
        (value) => value.expires_at,
        (value) => (value.expires_at >= expires_at ? undefined : { ...value, expires_at }),
      )
      return record !== undefined
    },

    async token(owner, id) {
      const { value } = await fresh(owner, id)
      return {
        access_token: value.tokens.access_token,
        expires_at: value.tokens.expires_at,
        scopes: value.tokens.scopes,
        provider: value.provider,
      }
    },

    async identify(owner, id) {
      for (let attempt = 0; ; attempt++) {
        const record = await fresh(owner, id)
        try {
          return await upstreamOf(record.value).identify(record.value.tokens)
        } catch (error) {
          if (isNamed(error, 'AccessDenied')) {
            // A newer login may have replaced the token that was refused.
            const current = await read(owner, id)
            if (current.version !== record.version && attempt < 3) continue
            throw error
          }
          throw new Unavailable(`upstream: ${record.value.provider} cannot be asked now`, { cause: error })
        }
      }
    },

    async forget(owner, id) {
      return (await remove<ConnectionRecord>(records, connectionKey(owner, id)))?.value
    },
  }
}
