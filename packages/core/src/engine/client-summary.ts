import type { ClientRecord } from '../records/client.ts'
import type { ClientSource } from '../records/client-metadata.ts'

/** A client, as it may be shown: nothing of its secret. All times are Unix seconds. */
export interface ClientSummary {
  client_id: string
  /** Whether it registered itself, an operator made it, or its id is the URL of its metadata. */
  source: ClientSource
  client_name?: string | undefined
  redirect_uris: readonly string[]
  token_endpoint_auth_method: string
  grant_types: readonly string[]
  /** What it is limited to; absent: whatever the server supports. */
  scope?: string | undefined
  client_id_issued_at: number
  /** 0: never. Absent: it has no secret. */
  client_secret_expires_at?: number | undefined
  /** Until when a secret from before a rotation still works. Absent: none does. */
  old_client_secret_expires_at?: number | undefined
  /** Whether anybody ever let it in. */
  approved: boolean
  used_at: number
  /** 0: never. */
  expires_at: number
}

export function clientSummary(client: Readonly<ClientRecord>): ClientSummary {
  return {
    client_id: client.client_id,
    source: client.source,
    client_name: client.client_name,
    redirect_uris: [...client.redirect_uris],
    token_endpoint_auth_method: client.token_endpoint_auth_method,
    grant_types: [...client.grant_types],
    scope: client.scope,
    client_id_issued_at: client.client_id_issued_at,
    client_secret_expires_at: client.client_secret_expires_at,
    old_client_secret_expires_at: client.old_client_secrets?.[0]?.expires_at,
    approved: client.approved_at !== 0,
    used_at: client.used_at,
    expires_at: client.expires_at,
  }
}
