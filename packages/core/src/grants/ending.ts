import { type Clock, unixTime } from '../clock.ts'
import type { EventListener, GrantEnd } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import type { UpstreamTokens } from '../identity/provider.ts'
import type { Upstream } from '../identity/upstream.ts'
import { type GrantRecord, type GrantRef, grantKey, grantPrefix, grantRef } from '../records/grant.ts'
import { everyKey, type Records, remove } from '../records/records.ts'

/** Ends a grant: deleting the record is what revokes it, on every instance, at the next request. */
export type EndGrant = (grant: GrantRef, reason: GrantEnd) => Promise<void>

export function endGrant(dependencies: {
  records: Records
  connections: Connections
  upstreams: ReadonlyMap<string, Upstream>
  clock: Clock
  emit: EventListener
}): EndGrant {
  const { records, connections, upstreams, clock, emit } = dependencies

  /** Whether any other grant of this user stands on the connection, or on the same authorization at the provider. */
  async function othersNeed(grant: Readonly<GrantRecord>, revocation: 'token' | 'user'): Promise<boolean> {
    for await (const key of everyKey(records, grantPrefix(grant.owner))) {
      const other = await records.get<GrantRecord>(key)
      if (!other || other.value.id === grant.id || !other.value.connection) continue
      if (revocation === 'user' || other.value.connection === grant.connection) return true
    }
    return false
  }

  /** An access token that has ended names nothing any more: the refresh token would outlive its revocation. */
  async function current(found: Upstream, tokens: UpstreamTokens): Promise<UpstreamTokens> {
    const over = tokens.expires_at !== undefined && tokens.expires_at <= unixTime(clock)
    return over && tokens.refresh_token !== undefined ? found.refresh(tokens) : tokens
  }

  async function endConnection(grant: Readonly<GrantRecord>, reason: GrantEnd): Promise<void> {
    const found = upstreams.get(grant.provider)
    if (grant.connection === undefined || !found) return
    const { provider } = found
    const shared = provider.tokens === 'per-user'
    if (shared && (await othersNeed(grant, 'token'))) return
    const connection = await connections.forget(grant.owner, grant.connection)
    if (!connection || connection.ended || reason === 'upstream_ended') return
    if (provider.revocation === 'user' && (await othersNeed(grant, 'user'))) return
    try {
      const done = await found.revoke(await current(found, connection.tokens))
      if (done)
        emit({
          type: 'upstream.revoked',
          provider: provider.id,
          outcome: 'done',
          correlation: grant.correlation,
        })
    } catch {
      // Our own revocation stands; the provider's is best effort (RFC 7009 2.2).
      emit({
        type: 'upstream.revoked',
        provider: provider.id,
        outcome: 'failed',
        correlation: grant.correlation,
      })
    }
  }

  return async (ref, reason) => {
    const removed = await remove<GrantRecord>(records, grantKey(ref))
    if (!removed) return
    emit({
      type: 'grant.ended',
      grant: grantRef(removed.value),
      reason,
      correlation: removed.value.correlation,
    })
    await endConnection(removed.value, reason)
  }
}
