import { boundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { bareKey, type PublicKey, publicKeys } from '../crypto/public-keys.ts'
import type { Egress } from '../egress/egress.ts'
import type { Engine } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import {
  isOperators,
  type RegisteredClient,
  type TokenEndpointAuthMethod,
} from '../records/client-metadata.ts'
import { noteLetIn, wasLetIn } from '../records/let-in.ts'
import type { Records } from '../records/records.ts'
import { clientOfDocument, isDocumentUrl } from './client-id-metadata-document.ts'
import { fetchBudget } from './fetch-budget.ts'
import { type Fetched, fetchedDocuments, MalformedDocument } from './fetched-documents.ts'
import type { HostTrust } from './host-trust.ts'
import type { RegistrationPolicy } from './registration.ts'

/** Every client there is for this server: those that its engine keeps, and those that a document describes. */
export interface KnownClients {
  /**
   * @param presented how the client authenticates, where it does. A document is only looked up for a proof: without one
   *   there is nothing in it that its grants do not say, and nobody is signed out while its host is out of order
   * @throws UnusableClient
   */
  get(client_id: string, presented?: TokenEndpointAuthMethod): Promise<RegisteredClient | undefined>
  /**
   * What the client signs its assertions with.
   *
   * @param options.newer looked up again, unless that was less than a minute ago
   * @throws UnusableClient
   */
  keys(client: RegisteredClient, options?: { newer?: boolean }): Promise<readonly PublicKey[]>
  /** To be called when somebody has signed in and let a client in. Never fails; may be done beside the answer. */
  letIn(client: RegisteredClient): Promise<void>
  /** Whether people are told more of the host that introduces this client before they let it in. */
  isDoubted(client: RegisteredClient): boolean
}

/**
 * A client that may be known, and cannot be used. `unavailable`: what it publishes cannot be had now; `document`: it is not
 * what it should be; `host`: the operator does not let in clients from there.
 */
export class UnusableClient extends Error {
  override readonly name = 'UnusableClient'
  readonly reason: 'unavailable' | 'document' | 'host'
  readonly client_id: string
  /** It may be otherwise in a while. */
  readonly mayPass: boolean
  constructor(
    reason: 'unavailable' | 'document' | 'host',
    client_id: string,
    why: string,
    mayPass: boolean = reason === 'unavailable',
  ) {
    super(why)
    this.mayPass = mayPass
    this.reason = reason
    this.client_id = client_id
  }
}

/** OAuth Client ID Metadata Document 6.6. */
const documentBytes = 5 * 1024
/** Some twenty keys, each with its certificates. */
const keySetBytes = 64 * 1024
const cachedDocumentBytes = 4 * 1024 * 1024
const cachedKeySetBytes = 8 * 1024 * 1024
/** Milliseconds before keys are fetched for an assertion that none of those we have verifies. */
const keysCoolDown = 60_000
/** Milliseconds between two notes that a client was let in. */
const noteEvery = 24 * 3600_000
const notesRemembered = 2000

export function knownClients(dependencies: {
  engine: Pick<Engine, 'getClient'>
  egress: Egress
  records: Records
  clock: Clock
  emit: Emit
  policy: RegistrationPolicy
  /** Left out: a URL is no client here. */
  trust?: ((host: string) => HostTrust) | undefined
}): KnownClients {
  const { engine, clock, policy, records, trust } = dependencies
  const fetching = { ...dependencies, budget: fetchBudget(clock) }
  const documents = fetchedDocuments<RegisteredClient>({
    ...fetching,
    maxBytes: documentBytes,
    cacheBytes: cachedDocumentBytes,
    read: (body, url, contentType) => {
      // What anybody may upload somewhere is often served as text, and what it is served as is the host's word.
      if (!isJson(contentType)) {
        throw new MalformedDocument('It is not served as application/json.', { isJson: false })
      }
      return clientOfDocument(body, url, policy)
    },
  })
  const noted = boundedCache<number>(notesRemembered)
  const keySets = fetchedDocuments<readonly PublicKey[]>({
    ...fetching,
    maxBytes: keySetBytes,
    cacheBytes: cachedKeySetBytes,
    read: (body) => {
      // Its owner has withdrawn them all.
      if (isEmptySet(body)) return []
      const keys = publicKeys(body)
      if (keys.length === 0) throw new MalformedDocument('It has no public key for signatures.')
      return keys.map(bareKey)
    },
  })

  async function documentClient(
    client_id: string,
    newerThan?: number,
  ): Promise<RegisteredClient | undefined> {
    const isVouchedFor = () => wasLetIn(records, client_id)
    return found(client_id, await documents.get(client_id, { newerThan, isVouchedFor }))
  }

  return {
    async get(client_id, presented) {
      const known = await engine.getClient(client_id)
      if (known || !trust || !isDocumentUrl(client_id)) return known
      if (trust(new URL(client_id).hostname) === 'deny') {
        throw new UnusableClient('host', client_id, 'Clients from this host are not let in here.')
      }
      const isProof = presented === undefined || presented === 'private_key_jwt'
      return isProof ? documentClient(client_id) : unprovenClient(client_id)
    },

    async keys(client, { newer = false } = {}) {
      const { client_id, jwks, jwks_uri, source } = client
      const newerThan = newer ? clock.now() - keysCoolDown : undefined
      if (jwks_uri !== undefined) {
        const isVouchedFor = async () => isOperators(client) || wasLetIn(records, client_id)
        return found(client_id, await keySets.get(jwks_uri, { newerThan, isVouchedFor })) ?? []
      }
      if (!newer || source !== 'document') return jwks?.keys ?? []
      return (await documentClient(client_id, newerThan))?.jwks?.keys ?? []
    },

    async letIn(client) {
      const { client_id, jwks_uri, source } = client
      const isElsewhere = source === 'document' || (jwks_uri !== undefined && !isOperators(client))
      const now = clock.now()
      if (!isElsewhere || now - (noted.get(client_id) ?? 0) < noteEvery) return
      noted.set(client_id, now)
      await noteLetIn(records, clock, client_id).catch(() => noted.delete(client_id))
    },

    isDoubted: ({ client_id, source }) =>
      source === 'document' && trust?.(new URL(client_id).hostname) === 'warn',
  }
}

function found<Value>(client_id: string, fetched: Fetched<Value>): Value | undefined {
  switch (fetched.status) {
    case 'found':
      return fetched.value
    case 'gone':
      return undefined
    case 'malformed':
      throw new UnusableClient('document', client_id, fetched.why, !fetched.isJson)
    case 'unavailable':
      throw new UnusableClient('unavailable', client_id, 'What the client publishes cannot be fetched now.')
  }
}

/** One that shows no proof of who it is: what it may do, its grant says. */
function unprovenClient(client_id: string): RegisteredClient {
  return {
    client_id,
    client_id_issued_at: 0,
    source: 'document',
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
  }
}

function isEmptySet(body: unknown): boolean {
  const { keys } = Object(body) as { keys?: unknown }
  return Array.isArray(keys) && keys.length === 0
}

function isJson(contentType: string): boolean {
  return /^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType.trim())
}
