import type { Emit } from '../events.ts'
import type { EndGrant } from '../grants/ending.ts'
import { type ClientRecord, clientKey, clientPrefix } from '../records/client.ts'
import { type GrantRecord, grantKinds, grantRef } from '../records/grant.ts'
import { forEachKey, type Records, remove } from '../records/records.ts'

/** What an operator does with the clients that registered themselves. */
export interface ClientAdmin {
  /** A page of them, in no particular order. Reads the whole store at a store's own pace: not for users' requests. */
  list(options?: { cursor?: string | undefined; limit?: number | undefined }): Promise<ClientPage>
  get(client_id: string): Promise<ClientSummary | undefined>
  /** Removes a client and ends every grant made to it. Resolves to false when there was no such client. */
  delete(client_id: string): Promise<boolean>
}

/** Some of the clients, and where to go on. */
export interface ClientPage {
  clients: readonly ClientSummary[]
  cursor?: string | undefined
}

/** A client, as it may be shown: nothing of its secret. All times are Unix seconds. */
export interface ClientSummary {
  client_id: string
  client_name?: string | undefined
  redirect_uris: readonly string[]
  token_endpoint_auth_method: string
  client_id_issued_at: number
  /** Whether anybody ever let it in. */
  approved: boolean
  used_at: number
  expires_at: number
}

export function clientAdmin(dependencies: { records: Records; end: EndGrant; emit: Emit }): ClientAdmin {
  const { records, end, emit } = dependencies
  return {
    async list(options = {}) {
      const page = await records.list(clientPrefix, options)
      const found = await Promise.all(page.keys.map((key) => records.get<ClientRecord>(key)))
      return {
        clients: found.flatMap((client) => (client ? [summary(client.value)] : [])),
        cursor: page.cursor,
      }
    },

    async get(client_id) {
      const client = await records.get<ClientRecord>(clientKey(client_id))
      return client && summary(client.value)
    },

    async delete(client_id) {
      const removed = await remove<ClientRecord>(records, clientKey(client_id))
      if (removed) emit({ type: 'client.deleted', client_id })
      const failures: unknown[] = []
      await forEachKey(records, grantKinds, async (key) => {
        try {
          const grant = await records.get<GrantRecord>(key)
          if (grant?.value.client_id === client_id) await end(grantRef(grant.value), 'administration')
        } catch (error) {
          // One record that does not open must not keep the others' grants alive.
          failures.push(error)
        }
      })
      if (failures.length > 0) throw failures[0]
      return removed !== undefined
    },
  }
}

function summary(client: Readonly<ClientRecord>): ClientSummary {
  const { client_id, client_name, redirect_uris, token_endpoint_auth_method, client_id_issued_at } = client
  const { approved_at, used_at, expires_at } = client
  return {
    client_id,
    client_name,
    redirect_uris: [...redirect_uris],
    token_endpoint_auth_method,
    client_id_issued_at,
    approved: approved_at !== 0,
    used_at,
    expires_at,
  }
}
