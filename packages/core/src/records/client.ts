import type { RegisteredClient } from '../clients/metadata.ts'

/** A dynamically registered client: `client/<client_id>`. */
export interface ClientRecord extends RegisteredClient {
  /** Unix seconds. 0: never approved by anyone. */
  approved_at: number
  /** Unix seconds; renewed at most daily. */
  used_at: number
  /** Unix seconds; what the store was told. */
  expires_at: number
}

export function clientKey(client_id: string): string {
  return `client/${client_id}`
}

/** All of them: for administration. */
export const clientPrefix = 'client/'
