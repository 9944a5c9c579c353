import { type Clock, unixTime } from '../clock.ts'
import type { GivenKeySet } from '../crypto/public-keys.ts'
import { randomText } from '../crypto/random.ts'
import { ConfigurationError, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import { checkMembers, wholeSeconds } from '../known-options.ts'
import {
  type ClientRecord,
  clientKey,
  findCandidate,
  findClient,
  isDeleted,
  secretMembers,
} from '../records/client.ts'
import {
  type ClientMetadata,
  needsSecret,
  type OldClientSecret,
  type RegisteredClient,
} from '../records/client-metadata.ts'
import type { Records } from '../records/records.ts'
import { type ClientSummary, clientSummary } from './client-summary.ts'

/** How an operator makes clients, and changes those that are there. */
export interface ClientEditing {
  /**
   * Makes a client, approved from the start, that stays until it is deleted. Only here its secret is told.
   *
   * @param metadata in the terms of RFC 7591 2, and checked as strictly as `clients` in the options are. Without a
   *   `token_endpoint_auth_method` it gets a secret; `none` is a public client
   * @throws {ConfigurationError} naming the field. Throws {@link Unavailable} when the store is out.
   * @example
   * const { client, client_secret } = await auth.clients.create({ client_name: 'Reports', redirect_uris: ['https://reports.acme.dev/callback'] })
   */
  create(metadata: NewClient, options?: NewClientOptions): Promise<ClientWithSecret>
  /**
   * Changes what is given and leaves the rest; `null` takes a field away. What people let in stays: a narrower `scope`
   * holds from the next refresh on, so that tokens which are out there keep theirs until they end. Nothing that a client
   * does at the same time is lost. Resolves to `undefined` when there is no such client.
   *
   * @throws {ConfigurationError} naming the field, or when the client is one of the options. Throws {@link Unavailable}.
   * @example
   * await auth.clients.update(client_id, { scope: 'files:read', logo_uri: null })
   */
  update(client_id: string, changes: ClientChanges): Promise<ClientSummary | undefined>
  /**
   * Gives a client a new secret, told only here. Resolves to `undefined` when there is no such client.
   *
   * @throws {ConfigurationError} for a client without a secret, and for one of the options. Throws {@link Unavailable}.
   * @example
   * const rotated = await auth.clients.rotateSecret(client_id, { keepOld: 3600 })
   */
  rotateSecret(client_id: string, options?: SecretRotation): Promise<ClientWithSecret | undefined>
}

/** What a client says of itself (RFC 7591 2). */
export interface NewClient extends Partial<Omit<ClientMetadata, 'further_auth_methods' | 'jwks'>> {
  /** The public keys of a client that signs, `{ keys: [...] }`, where it has no `jwks_uri`. */
  jwks?: GivenKeySet | undefined
}

/** What is to change of a client. `null` takes a field away. */
export type ClientChanges = { [Field in keyof NewClient]?: NewClient[Field] | null | undefined }

/** Seconds, both. */
export interface NewClientOptions {
  /** After which the client is gone, in use or not. Default: it stays. */
  lifetime?: number | undefined
  /** After which its secret expires. Default: never. */
  secretLifetime?: number | undefined
}

/** Seconds, both. */
export interface SecretRotation {
  /**
   * For how long older secrets go on working beside the new one, at most, so that a deployment can roll over. Default 0:
   * from now on only the new one does.
   */
  keepOld?: number | undefined
  /** After which the new one expires. Default: `registration.secretLifetime` of a client that registered, else never. */
  secretLifetime?: number | undefined
}

/** A client, and the secret it has just been given; absent: it is a public one. */
export interface ClientWithSecret {
  client: ClientSummary
  client_secret?: string | undefined
}

/** The rules for metadata, which are no engine's. Throw `ConfigurationError`, naming the field. */
export interface MetadataChecks {
  create(given: NewClient): ClientMetadata
  /** What has to be written over the client's own. */
  change(client: RegisteredClient, changes: ClientChanges): Partial<ClientMetadata>
}

/** Each time somebody else was first. */
const editTries = 10
/** Of one client, beside its current one. */
const mostOldSecrets = 5

export function clientEditing(dependencies: {
  records: Records
  clock: Clock
  emit: Emit
  checks: MetadataChecks
  staticClients: readonly RegisteredClient[]
  /** Seconds, of clients that registered. `undefined`: their secrets do not expire. */
  secretLifetime: number | undefined
}): ClientEditing {
  const { records, clock, emit, checks, staticClients } = dependencies

  /**
   * Changes a client wherever it lies. One that nobody has approved leaves its slot for this: there it could make room
   * for another, and whoever approves it at this moment would write over the change.
   */
  async function edit(
    call: string,
    client_id: string,
    change: (client: Readonly<ClientRecord>) => ClientRecord | undefined,
  ): Promise<Readonly<ClientRecord> | undefined> {
    if (staticClients.some((client) => client.client_id === client_id)) {
      throw new ConfigurationError(call, 'is a client of the options', 'Change it in `clients`, and restart.')
    }
    for (let tries = 0; tries < editTries; tries++) {
      // In the order in which a client moves.
      const candidate = await findCandidate(records, client_id)
      const stored = await findClient(records, client_id)
      if (stored && isDeleted(stored.value)) return undefined
      const current = (stored?.value as Readonly<ClientRecord> | undefined) ?? candidate?.value
      if (!current) return undefined
      const next = change(current)
      if (!next) return current
      const version = await records.put(clientKey(client_id), next, {
        ifVersion: stored?.version ?? null,
        ...(next.expires_at !== 0 && { expiresAt: next.expires_at }),
      })
      if (version === undefined) continue
      // What stays behind is never looked at, and goes with time.
      if (candidate) await records.delete(candidate.key, candidate.version).catch(() => false)
      return next
    }
    throw new Unavailable('clients: too many writers')
  }

  return {
    async create(metadata, options = {}) {
      const call = 'clients.create()'
      checkMembers<NewClientOptions>(call, options, { lifetime: true, secretLifetime: true })
      const lifetime = seconds(`${call}.lifetime`, options.lifetime)
      const secretLifetime = seconds(`${call}.secretLifetime`, options.secretLifetime)
      const checked = checks.create(metadata)
      const now = unixTime(clock)
      const client_secret = needsSecret(checked) ? randomText() : undefined
      const client: ClientRecord = {
        ...checked,
        client_id: randomText(18),
        client_id_issued_at: now,
        source: 'created',
        ...(client_secret !== undefined && secretMembers(client_secret, now, secretLifetime)),
        approved_at: now,
        used_at: now,
        expires_at: lifetime === undefined ? 0 : now + lifetime,
      }
      const { client_id, expires_at } = client
      const expiry = expires_at === 0 ? {} : { expiresAt: expires_at }
      await records.put(clientKey(client_id), client, { ifVersion: null, ...expiry })
      emit({ type: 'client.created', client_id })
      return { client: clientSummary(client), client_secret }
    },

    async update(client_id, changes) {
      let fields: string[] = []
      const client = await edit(named('update', client_id), client_id, (current) => {
        const changed = checks.change(current, changes)
        fields = Object.keys(changed).filter((field) => field in changes)
        return fields.length === 0 ? undefined : { ...current, ...changed }
      })
      if (!client) return undefined
      if (fields.length > 0) emit({ type: 'client.changed', client_id, fields: fields.join(' ') })
      return clientSummary(client)
    },

    async rotateSecret(client_id, options = {}) {
      const call = named('rotateSecret', client_id)
      checkMembers<SecretRotation>(call, options, { keepOld: true, secretLifetime: true })
      const { keepOld = 0 } = options
      wholeSeconds(`${call}.keepOld`, keepOld, 0)
      const lifetime = seconds(`${call}.secretLifetime`, options.secretLifetime)
      const client_secret = randomText()
      const client = await edit(call, client_id, (current) => {
        if (current.client_secret_hash === undefined) {
          throw new ConfigurationError(call, 'is a client without a secret', 'Make a new client with one.')
        }
        const now = unixTime(clock)
        const ofRegistered = current.source === 'registered' ? dependencies.secretLifetime : undefined
        return {
          ...current,
          ...secretMembers(client_secret, now, lifetime ?? ofRegistered),
          old_client_secrets: oldSecrets(call, current, now, keepOld),
        }
      })
      if (!client) return undefined
      emit({ type: 'client.secret_rotated', client_id, keep_old: keepOld })
      return { client: clientSummary(client), client_secret }
    },
  }
}

/** Those that go on working, the longest first: none for longer than was said now, nor than it would have anyway. */
function oldSecrets(
  call: string,
  client: Readonly<ClientRecord>,
  now: number,
  keepOld: number,
): readonly OldClientSecret[] | undefined {
  const { client_secret_hash: hash, client_secret_expires_at: expiry, old_client_secrets = [] } = client
  const current = hash === undefined ? [] : [{ hash, expires_at: expiry || now + keepOld }]
  const kept = [...current, ...old_client_secrets]
    .map((old) => ({ ...old, expires_at: Math.min(old.expires_at, now + keepOld) }))
    .filter(({ expires_at }) => expires_at > now)
    .sort((a, b) => b.expires_at - a.expires_at)
  if (kept.length > mostOldSecrets) {
    throw new ConfigurationError(
      call,
      `already has ${mostOldSecrets} older secrets that work`,
      'Wait until one has ended, or pass a shorter `keepOld`, which holds for all of them.',
    )
  }
  return kept.length > 0 ? kept : undefined
}

function named(call: string, client_id: string): string {
  return `clients.${call}(${JSON.stringify(client_id)})`
}

function seconds(option: string, given: number | undefined): number | undefined {
  return given === undefined ? undefined : wholeSeconds(option, given)
}
