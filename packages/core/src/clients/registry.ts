import { type Clock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { type ClientRecord, clientKey } from '../records/client.ts'
import { type Records, update } from '../records/records.ts'
import type { ClientMetadata, RegisteredClient } from './metadata.ts'

/** The clients this server knows: those in its options, and those that registered themselves (RFC 7591). */
export interface ClientRegistry {
  get(client_id: string): Promise<RegisteredClient | undefined>
  register(
    metadata: ClientMetadata,
  ): Promise<{ client: RegisteredClient; client_secret?: string | undefined }>
  /**
   * Notes that a client is in use, at most daily, and keeps it beyond `until` (Unix seconds), the end of a grant: who has
   * a grant must not lose it with the client. Never fails the request it belongs to.
   */
  touch(client: RegisteredClient, until: number): Promise<void>
}

const day = 86_400
const clientIdSyntax = /^[A-Za-z0-9_-]{1,128}$/

export function clientRegistry(dependencies: {
  records: Records
  clock: Clock
  staticClients: Promise<readonly RegisteredClient[]>
  /** Seconds. */
  unapprovedLifetime: number
  /** Seconds. */
  lifetime: number
}): ClientRegistry {
  const { records, clock, staticClients, unapprovedLifetime, lifetime } = dependencies
  const touched = new Map<string, { at: number; expires_at: number }>()
  return {
    async get(client_id) {
      const known = (await staticClients).find((client) => client.client_id === client_id)
      if (known) return known
      if (!clientIdSyntax.test(client_id)) return undefined
      return (await records.get<ClientRecord>(clientKey(client_id)))?.value
    },

    async register(metadata) {
      const now = unixTime(clock)
      const client_id = randomText(18)
      const client_secret = metadata.token_endpoint_auth_method === 'none' ? undefined : randomText()
      const client: ClientRecord = {
        ...metadata,
        client_id,
        client_id_issued_at: now,
        ...(client_secret === undefined
          ? {}
          : { client_secret_hash: await sha256(client_secret), client_secret_expires_at: 0 }),
        correlation: randomText(9),
        approved_at: 0,
        used_at: now,
        expires_at: now + unapprovedLifetime,
      }
      const version = await records.put(clientKey(client_id), client, {
        ifVersion: null,
        expiresAt: client.expires_at,
      })
      if (version === undefined) throw new Error('a fresh client_id was taken')
      return { client, client_secret }
    },

    async touch(client, until) {
      if (client.static) return
      const now = unixTime(clock)
      // A day more, for the uses that go unnoted.
      const needed = Math.max(now + lifetime, until + day)
      const isNoted = (at: number, expires_at: number) => now - at < day && until <= expires_at
      const known = touched.get(client.client_id)
      if (known && isNoted(known.at, known.expires_at)) return
      if (touched.size > 10_000) touched.clear()
      touched.set(client.client_id, { at: now, expires_at: needed })
      await update<ClientRecord>(
        records,
        clientKey(client.client_id),
        (value) => value.expires_at,
        (value) =>
          value.approved_at !== 0 && isNoted(value.used_at, value.expires_at)
            ? undefined
            : {
                ...value,
                correlation: undefined,
                approved_at: value.approved_at || now,
                used_at: now,
                expires_at: Math.max(needed, value.expires_at),
              },
      ).catch(() => touched.delete(client.client_id))
    },
  }
}
