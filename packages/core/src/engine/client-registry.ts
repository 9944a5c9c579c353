import { boundedCache } from '../bounded-cache.ts'
import { type Clock, unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { Unavailable } from '../errors.ts'
import {
  type ClientRecord,
  candidateId,
  candidateKey,
  candidatePrefix,
  clientKey,
  type DeletedClientRecord,
  findCandidate,
  findClient,
  isDeleted,
  secretMembers,
} from '../records/client.ts'
import { type ClientMetadata, needsSecret, type RegisteredClient } from '../records/client-metadata.ts'
import { type Records, update } from '../records/records.ts'
import { anyPlaceFor, readSlots, slotsOf, slotsOfSender } from '../records/slots.ts'
import type { Registration } from './engine.ts'

/** The clients this server knows: those in its options, and those that registered themselves (RFC 7591). */
export interface ClientRegistry {
  get(client_id: string): Promise<RegisteredClient | undefined>
  /**
   * @param sender whose registrations may displace one another only; `undefined`: nobody's in particular
   */
  register(metadata: ClientMetadata, sender?: string | undefined): Promise<Registration>
  /**
   * Notes that a client is in use, at most daily, and keeps it beyond `until` (Unix seconds), the end of a grant: who has
   * a grant must not lose it with the client. Never fails the request it belongs to.
   */
  touch(client: RegisteredClient, until: number): Promise<void>
}

const day = 86_400
const clientIdSyntax = /^[A-Za-z0-9_-]{1,128}$/
/** Each time somebody else was first: as many at one moment as a sender with few places may send. */
const registerTries = 60
/** Clients of which this instance remembers something. */
const remembered = 10_000

/** How long and how many clients are kept. */
export interface ClientRegistrySettings {
  /** Seconds. */
  unapprovedLifetime: number
  /** Seconds. */
  lifetime: number
  /** Seconds. `undefined`: secrets do not expire. */
  secretLifetime?: number | undefined
  /** How many clients there may be that nobody approved, a tenth of them of one sender. */
  unapproved: number
}

export function clientRegistry(
  dependencies: {
    records: Records
    clock: Clock
    staticClients: readonly RegisteredClient[]
  } & ClientRegistrySettings,
): ClientRegistry {
  const { records, clock, staticClients, unapprovedLifetime, lifetime, secretLifetime } = dependencies
  const touched = boundedCache<{ at: number; expires_at: number }>(remembered)
  /** Versions of candidates seen here. A client that was one a moment ago is looked for in both places at once. */
  const candidates = boundedCache<string>(remembered)

  async function getCandidate(client_id: string): Promise<Readonly<ClientRecord> | undefined> {
    const found = await findCandidate(records, client_id)
    candidates.delete(client_id)
    if (!found) return undefined
    candidates.set(client_id, found.version)
    return found.value
  }

  async function getRegistered(client_id: string): Promise<Readonly<ClientRecord> | undefined> {
    const isFresh = candidates.has(client_id)
    const [stored, early] = await Promise.all([
      findClient(records, client_id),
      isFresh ? getCandidate(client_id) : undefined,
    ])
    if (stored) {
      candidates.delete(client_id)
      return isDeleted(stored.value) ? undefined : stored.value
    }
    const candidate = early ?? (isFresh ? undefined : await getCandidate(client_id))
    if (candidate || candidateKey(client_id) === undefined) return candidate
    // Somebody may have approved it between the two looks.
    const moved = await findClient(records, client_id)
    return moved && !isDeleted(moved.value) ? moved.value : undefined
  }

  /** Moves a candidate to where nothing displaces it. Resolves to false when it is no candidate any more. */
  async function approve(candidate: Readonly<ClientRecord>, approved: ClientRecord): Promise<boolean> {
    const { client_id } = candidate
    const version = await records.put(clientKey(client_id), approved, {
      ifVersion: null,
      expiresAt: approved.expires_at,
    })
    if (version === undefined) return false
    const key = candidateKey(client_id)
    const seen = candidates.get(client_id)
    candidates.delete(client_id)
    // Nobody waits for it. What stays behind after a crash is never looked at, and goes with time.
    if (key !== undefined && seen !== undefined) records.delete(key, seen).catch(() => {})
    return true
  }

  return {
    async get(client_id) {
      const known = staticClients.find((client) => client.client_id === client_id)
      if (known) return known
      return clientIdSyntax.test(client_id) ? getRegistered(client_id) : undefined
    },

    async register(metadata, sender) {
      const now = unixTime(clock)
      const random = randomText(18)
      const client_secret = needsSecret(metadata) ? randomText() : undefined
      const client: Omit<ClientRecord, 'client_id'> = {
        ...metadata,
        client_id_issued_at: now,
        source: 'registered',
        ...(client_secret !== undefined && secretMembers(client_secret, now, secretLifetime)),
        correlation: randomText(9),
        approved_at: 0,
        used_at: now,
        expires_at: now + unapprovedLifetime,
      }
      const { unapproved } = dependencies
      const names =
        sender === undefined
          ? slotsOf(random, unapproved)
          : slotsOfSender(random, sender, Math.ceil(unapproved / 10), unapproved)
      const age = (other: Readonly<ClientRecord>) => now - other.client_id_issued_at
      for (let tries = 0; tries < registerTries; tries++) {
        const slots = await readSlots<ClientRecord>(records, candidatePrefix, names)
        const { key, record, version: ifVersion } = anyPlaceFor(slots, age)
        const registered = { ...client, client_id: candidateId(random, key.slice(candidatePrefix.length)) }
        const version = await records.put(key, registered, {
          ifVersion,
          expiresAt: client.expires_at,
        })
        if (version !== undefined) {
          return { client: registered, client_secret, evicted: record?.value.client_id }
        }
      }
      throw new Unavailable('registration: too many at once')
    },

    async touch(client, until) {
      if (!isRegistered(client)) return
      const now = unixTime(clock)
      // A day more, for the uses that go unnoted.
      const needed = Math.max(now + lifetime, until + day)
      // An operator said how long the client stays, and nobody's use of it changes that.
      const isFixed = client.source === 'created'
      const isNoted = (at: number, expires_at: number) => now - at < day && (isFixed || until <= expires_at)
      const known = touched.get(client.client_id)
      if (known && isNoted(known.at, known.expires_at)) return
      touched.set(client.client_id, { at: now, expires_at: needed })
      const used = (value: Readonly<ClientRecord>): ClientRecord => ({
        ...value,
        correlation: undefined,
        approved_at: value.approved_at || now,
        used_at: now,
        expires_at: isFixed ? value.expires_at : Math.max(needed, value.expires_at),
      })
      const note = async () => {
        if (client.approved_at === 0 && (await approve(client, used(client)))) return
        await update<ClientRecord | DeletedClientRecord>(
          records,
          clientKey(client.client_id),
          (value) => (isDeleted(value) ? undefined : value.expires_at || undefined),
          (value) =>
            isDeleted(value) || (value.approved_at !== 0 && isNoted(value.used_at, value.expires_at))
              ? undefined
              : used(value),
        )
      }
      await note().catch(() => touched.delete(client.client_id))
    },
  }
}

function isRegistered(client: RegisteredClient): client is ClientRecord {
  return 'approved_at' in client
}
