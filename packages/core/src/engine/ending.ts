import type { Emit, GrantEnd } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import type { Upstream } from '../identity/upstream.ts'
import { type GrantRecord, type GrantRef, grantKey, grantPrefix, grantRef } from '../records/grant.ts'
import { everyKey, type Records, remove } from '../records/records.ts'

/** Whether such a grant of this user lies in the store, or one that does not open and may be such. */
export async function someGrant(
  records: Records,
  owner: string,
  isSuch: (grant: Readonly<GrantRecord>) => boolean,
): Promise<boolean> {
  for await (const key of everyKey(records, grantPrefix(owner))) {
    const grant = await records.peek<GrantRecord>(key)
    if (grant && (grant.unreadable || isSuch(grant.value))) return true
  }
  return false
}

/** Ends a grant: deleting the record is what revokes it, on every instance, at the next request. */
export type EndGrant = (grant: GrantRef, reason: GrantEnd) => Promise<void>

export function endGrant(dependencies: {
  records: Records
  connections: Connections
  upstreams: ReadonlyMap<string, Upstream>
  emit: Emit
}): EndGrant {
  const { records, connections, upstreams, emit } = dependencies

  /** Whether any other grant of this user stands on the connection, or on the same authorization at the provider. */
  const othersNeed = (grant: Readonly<GrantRecord>, revocation: 'token' | 'user') =>
    someGrant(records, grant.owner, ({ id, connection }) => {
      if (id === grant.id || !connection) return false
      return revocation === 'user' || connection === grant.connection
    })

  async function endConnection(grant: Readonly<GrantRecord>, reason: GrantEnd): Promise<void> {
    const found = upstreams.get(grant.provider)
    if (grant.connection === undefined || !found) return
    const { provider } = found
    const isNeeded = async () => provider.tokens === 'per-user' && othersNeed(grant, 'token')
    const connection = await connections.forget(grant.owner, grant.connection, isNeeded)
    if (!connection || reason === 'upstream_ended') return
    await connections.revoke(connection, grant.correlation, () => othersNeed(grant, 'user'))
  }

  return async (ref, reason) => {
    const removed = await remove<GrantRecord>(records, grantKey(ref))
    if (!removed) return
    const { client_id, subject, correlation } = removed.value
    emit({ type: 'grant.ended', grant: grantRef(removed.value), client_id, subject, reason, correlation })
    await endConnection(removed.value, reason)
  }
}
