import type { EndGrant } from '../grants/ending.ts'
import type { OwnerOf } from '../grants/owner.ts'
import type { Connections } from '../identity/connections.ts'
import { connectionPrefix } from '../records/connection.ts'
import { type GrantRecord, grantKey, grantPrefix, grantRef, isGrantRef } from '../records/grant.ts'
import { everyKey, forEachKey, type Records } from '../records/records.ts'

/** What an operator, or a page of the application's own, does with the grants of a user. */
export interface GrantAdmin {
  /**
   * The installations a user let in, newest first.
   *
   * @param subject `<provider id>|<sub>`, as in `auth.extra.subject`
   * @example
   * const grants = await auth.grants.list('github|583231')
   */
  list(subject: string): Promise<readonly GrantSummary[]>
  /**
   * Ends one grant, at once and everywhere. Resolves to false when there was none.
   *
   * @param grant the `id` of a {@link GrantSummary}
   */
  revoke(grant: string): Promise<boolean>
  /**
   * Signs a user out of everything: ends all grants, forgets the provider's tokens and revokes them there.
   * Resolves to how many grants it ended.
   */
  revokeAll(subject: string): Promise<number>
}

/** A grant, as it may be shown. All times are Unix seconds. */
export interface GrantSummary {
  id: string
  subject: string
  client_id: string
  client_name?: string | undefined
  redirect_uri: string
  scopes: readonly string[]
  resource: string
  created_at: number
  used_at: number
  expires_at: number
}

export function grantAdmin(dependencies: {
  records: Records
  connections: Connections
  ownerOf: OwnerOf
  end: EndGrant
}): GrantAdmin {
  const { records, connections, ownerOf, end } = dependencies

  async function grantsOf(owner: string): Promise<Readonly<GrantRecord>[]> {
    const found: Readonly<GrantRecord>[] = []
    await forEachKey(records, grantPrefix(owner), async (key) => {
      const grant = await records.get<GrantRecord>(key)
      if (grant) found.push(grant.value)
    })
    return found
  }

  return {
    async list(subject) {
      const grants = (await grantsOf(await ownerOf(subject))).filter(
        ({ code }) => code.redeemed_at !== undefined,
      )
      return grants.sort((a, b) => b.created_at - a.created_at).map(summary)
    },

    async revoke(grant) {
      if (!isGrantRef(grant) || !(await records.get(grantKey(grant)))) return false
      await end(grant, 'administration')
      return true
    },

    async revokeAll(subject) {
      const owner = await ownerOf(subject)
      const grants = await grantsOf(owner)
      for (const grant of grants) await end(grantRef(grant), 'administration')
      // What a login left behind that never became a grant, or outlived it.
      for await (const key of everyKey(records, connectionPrefix(owner))) {
        const connection = await connections.forget(owner, key.slice(connectionPrefix(owner).length))
        if (connection) await connections.revoke(connection)
      }
      return grants.length
    },
  }
}

function summary(grant: Readonly<GrantRecord>): GrantSummary {
  const { subject, client_id, client_name, redirect_uri, scopes, resource, created_at, used_at, expires_at } =
    grant
  return {
    id: grantRef(grant),
    subject,
    client_id,
    client_name,
    redirect_uri,
    scopes: [...scopes],
    resource,
    created_at,
    used_at,
    expires_at,
  }
}
