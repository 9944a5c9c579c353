import type { UpstreamToken } from '../auth.ts'
import { type Clock, unixTime } from '../clock.ts'
import { isNamed, NoUpstreamToken, Unavailable, UpstreamEnded } from '../errors.ts'
import { detailOf, type Emit } from '../events.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import { isLeased, type Lease, takeLease } from '../records/lease.ts'
import { NewerVersion, type Records, update, type Versioned } from '../records/records.ts'
import type { UpstreamAnswer, UpstreamTokens } from '../records/upstream-tokens.ts'
import { furtherTokens } from './further-tokens.ts'
import type { Identity } from './provider.ts'
import type { Upstream } from './upstream.ts'
import { outageReason, type UpstreamError } from './upstream-error.ts'

/** The provider's tokens, kept apart from the grants that use them. */
export interface Connections {
  /**
   * Keeps what a login obtained. Where logins share a connection the newest wins, and keeps the refresh token that is
   * there when it has none of its own.
   */
  save(login: {
    owner: string
    id: string
    provider: string
    client_id: string
    subject: string
    kept: UpstreamAnswer
    expires_at: number
  }): Promise<void>
  /** What {@link Connections.save} would make of it, as things stand. */
  complete(owner: string, id: string, kept: UpstreamAnswer): Promise<UpstreamAnswer>
  /** Moves the store's expiry on. False when the connection is gone. */
  extend(owner: string, id: string, expires_at: number): Promise<boolean>
  /**
   * The provider's access token, refreshed when it is near its end or was rejected; another one where it does not hold
   * the scopes that are wanted.
   */
  token(owner: string, id: string, want: Want): Promise<UpstreamToken>
  /** Asks the provider again who this is. Throws `AccessDenied`, {@link UpstreamEnded} or {@link Unavailable}. */
  identify(owner: string, id: string, previous: Identity, correlation: string): Promise<Identity>
  /** Forgets the connection and resolves to it, unless it is needed: asked again whenever somebody else changed it. */
  forget(owner: string, id: string, isNeeded?: () => Promise<boolean>): Promise<ConnectionRecord | undefined>
  /**
   * Ends it at the provider. Best effort (RFC 7009 2.2): our own revocation stands. Where that ends everything of the
   * user, `isNeeded` is asked just before.
   */
  revoke(
    connection: Readonly<ConnectionRecord>,
    correlation?: string,
    isNeeded?: () => Promise<boolean>,
  ): Promise<void>
  /** Whether everything of this user was ended at the provider after that (Unix milliseconds), or is just being. */
  isRevokedSince(owner: string, since: number): Promise<boolean>
}

/** What a caller needs of a token. */
export interface Want {
  /** That of the grant it is for. */
  correlation: string
  /** An access token that the provider has answered with 401. */
  rejected?: string | undefined
  /** What it must hold, in our names. */
  scopes?: readonly string[] | undefined
}

/** Seconds: longer than the provider's time-out and the store's retries together. */
const leaseSeconds = 45
/** Seconds a request waits for somebody else's refresh; its client would not wait much longer. */
const patience = 20
/** An access token this near its end, in seconds, is refreshed first. */
const nearExpiry = 60
/** A token rejected within so many seconds of its issue is not worth another refresh. */
const justIssued = 10
/** The lease of who ends everything of a user, and the note of when somebody last did. */
const revocationLease = 'upstream-revocation'
const revocationNote = 'upstream-revoked'
/** Seconds that the note is kept: longer than a person takes from consent to callback. */
const noteSeconds = 3600
/** Milliseconds between looks while another instance refreshes. */
const pollEvery = 150

export function connectionsIn(dependencies: {
  records: Records
  upstreams: ReadonlyMap<string, Upstream>
  clock: Clock
  emit: Emit
}): Connections {
  const { records, upstreams, clock, emit } = dependencies
  const refreshing = new Map<string, Promise<Versioned<ConnectionRecord>>>()
  const further = furtherTokens({ clock, unavailable })

  function upstreamOf(connection: Readonly<ConnectionRecord>): Upstream {
    const found = upstreams.get(connection.provider)
    if (!found) throw new NoUpstreamToken(`The provider "${connection.provider}" is no longer configured.`)
    if (found.provider.client.id !== connection.client_id) {
      throw new NoUpstreamToken('The provider token is of another app than is configured. Sign in again.')
    }
    return found
  }

  function isFresh({ tokens }: Readonly<ConnectionRecord>, { rejected }: Want): boolean {
    if (tokens.access_token === rejected) return false
    return tokens.expires_at === undefined || tokens.expires_at - unixTime(clock) > nearExpiry
  }

  async function read(owner: string, id: string): Promise<Versioned<ConnectionRecord>> {
    const record = await records.get<ConnectionRecord>(connectionKey(owner, id))
    if (!record)
      throw new NoUpstreamToken('No provider token is kept for this user. Sign in again to obtain one.')
    if (record.value.ended) throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
    return record
  }

  async function fresh(owner: string, id: string, want: Want): Promise<Versioned<ConnectionRecord>> {
    const record = await read(owner, id)
    upstreamOf(record.value)
    if (isFresh(record.value, want)) return record
    const known = refreshing.get(record.key)
    if (known) return known
    const work = coordinate(owner, id, want).finally(() => refreshing.delete(record.key))
    refreshing.set(record.key, work)
    return work
  }

  /** One instance refreshes under the lease; the others look again until it is done. */
  async function coordinate(owner: string, id: string, want: Want): Promise<Versioned<ConnectionRecord>> {
    const deadline = clock.now() + patience * 1000
    while (clock.now() < deadline) {
      const record = await read(owner, id)
      if (isFresh(record.value, want)) return record
      if (!record.value.tokens.refresh_token)
        return usableOr(record, want, () => new UpstreamEnded('The provider token expired. Sign in again.'))
      const lease = await takeLease(records, clock, owner, `upstream-${id}`, leaseSeconds)
      if (lease) {
        const outcome = await refreshUnder(lease, owner, id, want)
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
    want: Want,
  ): Promise<Versioned<ConnectionRecord> | undefined> {
    try {
      const record = await read(owner, id)
      if (isFresh(record.value, want)) return record
      if (isRejectedAnew(record.value, want)) {
        throw new UpstreamEnded('The provider rejects a token it has just issued. Sign in again.')
      }
      const { correlation } = want
      let kept: UpstreamAnswer
      try {
        kept = await upstreamOf(record.value).refresh(record.value)
      } catch (error) {
        return await refreshFailed(record, error, want)
      }
      const stored = await storeRotated(record, kept)
      emit({ type: 'upstream.refreshed', provider: record.value.provider, owner, correlation })
      return stored
    } finally {
      await lease.release()
    }
  }

  /**
   * The provider may have ended the old refresh token already: the new one is worth several rounds of retries, and is
   * stored in whatever the record has become with the old one. `undefined` when a new login has brought others.
   */
  async function storeRotated(
    refreshed: Versioned<ConnectionRecord>,
    kept: UpstreamAnswer,
  ): Promise<Versioned<ConnectionRecord> | undefined> {
    const { refresh_token } = refreshed.value.tokens
    let record: Versioned<ConnectionRecord> | undefined = refreshed
    for (let round = 1; record && record.value.tokens.refresh_token === refresh_token; round++) {
      const value = { ...record.value, ...kept, obtained_at: unixTime(clock), ended: undefined }
      const condition = { ifVersion: record.version, expiresAt: value.expires_at }
      try {
        const version = await records.put(record.key, value, condition)
        if (version !== undefined) return { ...record, value, version }
        record = await records.get<ConnectionRecord>(record.key)
      } catch (error) {
        if (round >= 5) throw error
      }
    }
    return undefined
  }

  async function refreshFailed(
    record: Versioned<ConnectionRecord>,
    error: unknown,
    want: Want,
  ): Promise<Versioned<ConnectionRecord> | undefined> {
    const { provider, owner, id } = record.value
    const { correlation } = want
    if (isNamed(error, 'AccessDenied')) throw error
    if (isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'ended') {
      const current = await read(owner, id)
      if (current.version !== record.version) return isFresh(current.value, want) ? current : undefined
      const version = await records.put(
        record.key,
        { ...record.value, ended: true },
        { ifVersion: record.version, expiresAt: record.value.expires_at },
      )
      if (version === undefined) return undefined
      emit({ type: 'upstream.ended', provider, owner, correlation })
      throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
    }
    unavailable(provider, error, correlation)
    return usableOr(
      record,
      want,
      () => new Unavailable(`upstream: ${provider} cannot refresh now`, { cause: error }),
    )
  }

  function unavailable(provider: string, error: unknown, correlation: string): void {
    const reason = outageReason(error)
    emit({ type: 'upstream.unavailable', provider, reason, detail: detailOf(error), correlation })
  }

  /** An access token that has ended names nothing any more: the refresh token would outlive its revocation. */
  async function revocable(found: Upstream, connection: Readonly<ConnectionRecord>): Promise<UpstreamTokens> {
    const { tokens } = connection
    const over = tokens.expires_at !== undefined && tokens.expires_at <= unixTime(clock)
    return over && tokens.refresh_token !== undefined ? (await found.refresh(connection)).tokens : tokens
  }

  /** Near its end is not past it. */
  function usableOr(
    record: Versioned<ConnectionRecord>,
    { rejected }: Want,
    error: () => Error,
  ): Versioned<ConnectionRecord> {
    const { access_token, expires_at = 0 } = record.value.tokens
    if (access_token !== rejected && expires_at > unixTime(clock) + 5) return record
    throw error()
  }

  /** A login without a refresh token lives on the one that is kept, unless the provider has ended that. */
  function completed(kept: UpstreamAnswer, existing: Readonly<ConnectionRecord> | undefined): UpstreamAnswer {
    if (kept.tokens.refresh_token !== undefined || !existing || existing.ended) return kept
    const { refresh_token, refresh_expires_at } = existing.tokens
    return { ...kept, tokens: { ...kept.tokens, refresh_token, refresh_expires_at } }
  }

  async function revokeOne(connection: Readonly<ConnectionRecord>, correlation?: string): Promise<void> {
    const { provider, ended, client_id } = connection
    const found = upstreams.get(provider)
    if (!found || ended || found.provider.client.id !== client_id) return
    const told = (outcome: 'done' | 'failed') =>
      emit({ type: 'upstream.revoked', provider, outcome, correlation })
    try {
      if (await found.revoke(await revocable(found, connection))) told('done')
    } catch {
      told('failed')
    }
  }

  /** A sign-in that finishes meanwhile sees the lease, or the note; or this sees its grant. */
  async function revokeEverything(
    connection: Readonly<ConnectionRecord>,
    correlation: string | undefined,
    isNeeded: () => Promise<boolean>,
  ): Promise<void> {
    const { owner } = connection
    const lease = await revocationTurn(owner)
    if (!lease) return
    try {
      if (await isNeeded()) return
      await noteRevocation(owner)
      await revokeOne(connection, correlation)
      await noteRevocation(owner)
    } finally {
      await lease.release()
    }
  }

  /** Whoever has the lease may have seen our grant, and left the revocation to us: so it is waited for. */
  async function revocationTurn(owner: string): Promise<Lease | undefined> {
    const deadline = clock.now() + leaseSeconds * 1000
    for (;;) {
      const lease = await takeLease(records, clock, owner, revocationLease, leaseSeconds)
      if (lease || clock.now() > deadline) return lease
      await clock.sleep(pollEvery)
    }
  }

  async function noteRevocation(owner: string): Promise<void> {
    const key = `lease/${owner}/${revocationNote}`
    const existing = await records.get(key)
    const expiresAt = unixTime(clock) + noteSeconds
    await records.put(key, { at: clock.now() }, { ifVersion: existing?.version ?? null, expiresAt })
  }

  /** A provider that rejects what it has just issued would be asked for ever. */
  function isRejectedAnew({ tokens, obtained_at }: Readonly<ConnectionRecord>, { rejected }: Want): boolean {
    return tokens.access_token === rejected && unixTime(clock) - obtained_at < justIssued
  }

  return {
    async save({ kept, ...login }) {
      const key = connectionKey(login.owner, login.id)
      for (let attempt = 0; attempt < 10; attempt++) {
        // One that does not open is replaced: without this login's the user could not come in again.
        const existing = await records.peek<ConnectionRecord>(key)
        if (existing?.unreadable?.cause instanceof NewerVersion) throw existing.unreadable
        const expiresAt = Math.max(login.expires_at, existing?.value?.expires_at ?? 0)
        const value: ConnectionRecord = {
          ...login,
          ...completed(kept, existing?.value),
          obtained_at: unixTime(clock),
        }
        const version = await records.put(
          key,
          { ...value, expires_at: expiresAt },
          { ifVersion: existing?.version ?? null, expiresAt },
        )
        if (version !== undefined) return
      }
      throw new Unavailable('storage: too many logins of one user at once')
    },

    async complete(owner, id, kept) {
      // One that does not open has nothing to add, and is replaced when this login is saved.
      return completed(kept, (await records.peek<ConnectionRecord>(connectionKey(owner, id)))?.value)
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

    async token(owner, id, want) {
      if (want.rejected !== undefined) further.forget(want.rejected)
      const { value } = await fresh(owner, id, want).catch((error: unknown) => {
        if (!isNamed(error, 'AccessDenied')) throw error
        throw new UpstreamEnded('The provider no longer lets this account in.', { cause: error })
      })
      const { scopes = [] } = want
      if (!scopes.every((scope) => value.tokens.scopes.includes(scope))) {
        return further.token(upstreamOf(value), value, { ...want, scopes })
      }
      return {
        access_token: value.tokens.access_token,
        expires_at: value.tokens.expires_at,
        scopes: [...value.tokens.scopes],
        provider: value.provider,
      }
    },

    async identify(owner, id, previous, correlation) {
      for (let attempt = 0; ; attempt++) {
        const record = await fresh(owner, id, { correlation })
        try {
          return await upstreamOf(record.value).identify(record.value, previous)
        } catch (error) {
          if (isNamed(error, 'AccessDenied')) {
            // A newer login may have replaced the token that was refused.
            const current = await read(owner, id)
            if (current.version !== record.version && attempt < 3) continue
            throw error
          }
          unavailable(record.value.provider, error, correlation)
          throw new Unavailable(`upstream: ${record.value.provider} cannot be asked now`, { cause: error })
        }
      }
    },

    async forget(owner, id, isNeeded = async () => false) {
      for (let attempt = 0; attempt < 10; attempt++) {
        const record = await records.peek<ConnectionRecord>(connectionKey(owner, id))
        if (!record || (await isNeeded())) return undefined
        // Under conflict somebody may have signed in, and needs it now.
        if (await records.delete(record.key, record.version)) return record.value
      }
      throw new Unavailable('storage: too many writers on one connection')
    },

    async revoke(connection, correlation, isNeeded = async () => false) {
      const revocation = upstreams.get(connection.provider)?.provider.revocation
      if (revocation === 'user') return revokeEverything(connection, correlation, isNeeded)
      if (revocation === 'token') return revokeOne(connection, correlation)
    },

    async isRevokedSince(owner, since) {
      const [isHeld, note] = await Promise.all([
        isLeased(records, owner, revocationLease),
        records.get<{ at: number }>(`lease/${owner}/${revocationNote}`),
      ])
      return isHeld || (note !== undefined && note.value.at > since)
    },
  }
}
