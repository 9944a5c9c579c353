import { type Clock, unixTime } from '../clock.ts'
import { claimedClient, verifyAssertion } from '../crypto/client-assertion.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import type { AuthenticatedClient } from '../engine/engine.ts'
import { isNamed, Unavailable } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { withReference } from '../http/responses.ts'
import { OAuthError } from '../oauth-error.ts'
import { noteAssertion } from '../records/client-assertion.ts'
import {
  authMethodsOf,
  type RegisteredClient,
  type TokenEndpointAuthMethod,
} from '../records/client-metadata.ts'
import type { Records } from '../records/records.ts'
import type { KnownClients, UnusableClient } from './known-clients.ts'

/** What a request to the token or revocation endpoint says about its sender (RFC 6749 2.3). */
export interface ClientCredentials {
  client_id: string
  client_secret?: string | undefined
  /** RFC 7523 2.2 */
  client_assertion?: string | undefined
  /** How they came. `none`: without a secret, by whatever way. */
  method: TokenEndpointAuthMethod
  /**
   * The same as RFC 6749 2.3.1 wants them read, percent-decoded, where that differs. Official clients send them as
   * they are, so this is the second reading.
   */
  decoded?: { client_id: string; client_secret: string } | undefined
  /** `WWW-Authenticate`, owed to a client that tried an Authorization header (RFC 6749 5.2). */
  challenge: Record<string, string>
}

/** A client that has proven what it can prove. */
export interface ProvenClient extends AuthenticatedClient {
  /**
   * To be called when everything else about the request has been checked, and before anything is done for it: notes that
   * an assertion was used. Throws `invalid_client` for one that was before.
   */
  spend(): Promise<void>
}

/** What it takes to know a client by its credentials. */
export interface ClientAuthentication {
  clients: KnownClients
  /** Whom an assertion may be made for: the issuer, or the token endpoint. */
  audiences: readonly string[]
  /** Where used assertions are noted. */
  records: Records
  clock: Clock
}

type ClientRefusal = DrawbridgeEvents['client.refused']['reason']

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const basicChallenge = { 'www-authenticate': 'Basic realm="client", charset="UTF-8"' }

/**
 * Finds the client's credentials in a request: an HTTP Basic header, or the form, where it may sign instead of saying a
 * secret (RFC 7523 2.2).
 *
 * @throws OAuthError `invalid_client` when there are none or the header is malformed, `invalid_request` when they come
 *   both ways at once (RFC 6749 2.3)
 */
export function clientCredentials(headers: Headers, form: Pick<Form, 'get'>): ClientCredentials {
  const client_id = form.get('client_id') || undefined
  const client_secret = form.get('client_secret') || undefined
  const basic = basicHeader(headers.get('authorization')?.trim() ?? '')
  const client_assertion = form.get('client_assertion') || undefined
  if (client_assertion !== undefined) {
    if (basic !== undefined || client_secret !== undefined) {
      throw new OAuthError('invalid_request', 'The client authenticates twice: by an assertion and a secret.')
    }
    return assertionCredentials(form, client_assertion)
  }
  if (basic === undefined) {
    if (client_id === undefined) throw new OAuthError('invalid_client', 'The client does not say who it is.')
    const method = client_secret === undefined ? 'none' : 'client_secret_post'
    return { client_id, client_secret, method, challenge: {} }
  }
  if (client_secret !== undefined) {
    throw new OAuthError(
      'invalid_request',
      'The client authenticates twice: by a Basic header and in the body.',
    )
  }
  const readings = basicReadings(basic).filter(
    (reading) => client_id === undefined || client_id === reading.client_id,
  )
  const [first, decoded] = readings
  if (!first) {
    throw new OAuthError('invalid_request', 'The client_id of the body is not that of the Basic header.')
  }
  // "id:" is how some libraries say that there is no secret (RFC 6749 2.3.1 lets an empty one be left out).
  if (first.client_secret === '') {
    return { client_id: first.client_id, method: 'none', decoded, challenge: basicChallenge }
  }
  return { ...first, method: 'client_secret_basic', decoded, challenge: basicChallenge }
}

/** What follows the scheme. `undefined`: the header is of another scheme, or there is none. */
function basicHeader(value: string): string | undefined {
  // Several headers arrive joined by commas. Which of them would count is anyone's guess, and none does.
  if (!/(^|,)\s*basic($|[\s,])/i.test(value)) return undefined
  return /^basic\s+(.*)$/i.exec(value)?.[1] ?? ''
}

function assertionCredentials(form: Pick<Form, 'get'>, client_assertion: string): ClientCredentials {
  if (form.get('client_assertion_type') !== assertionType) {
    throw new OAuthError('invalid_client', `The client_assertion_type must be ${assertionType}.`)
  }
  // Whom it is really from, its signature says.
  const client_id = form.get('client_id') || claimedClient(client_assertion)
  if (client_id === undefined)
    throw new OAuthError('invalid_client', 'The client_assertion is no JWT with a sub.')
  return { client_id, client_assertion, method: 'private_key_jwt', challenge: {} }
}

/**
 * Finds the client and holds it to what it registered: the method, and the secret or the key if it has one. A client that
 * was given a secret cannot do without, and a public one cannot bring any. Only one that named no method, or several, may
 * choose; which it used is told, and bound to its grant.
 *
 * @throws OAuthError `invalid_client` (401), upon which official clients forget their registration and register again
 * @throws Unavailable when the metadata or the keys of the client cannot be had now
 */
export async function authenticateClient(
  server: ClientAuthentication,
  credentials: ClientCredentials,
): Promise<ProvenClient> {
  const { method, challenge } = credentials
  const client = await presentedClient(server, credentials).catch((error: unknown) => {
    throw unusable(error, challenge)
  })
  const refuse = refusal(client?.client_id, challenge)
  if (!client) throw refuse('unknown', 'This client is not known here, or no longer. Register it again.')
  const methods = authMethodsOf(client)
  if (!methods.includes(method)) {
    throw refuse('method', `This client registered ${methods.join(' and ')}, and used ${method}.`)
  }
  if (method === 'private_key_jwt') {
    const assertion = credentials.client_assertion ?? ''
    const spend = await provenByKey(server, client, assertion, refuse).catch((error: unknown) => {
      throw unusable(error, challenge)
    })
    return { client, method, spend }
  }
  if (method !== 'none') proveBySecret(client, credentials, unixTime(server.clock), refuse)
  return { client, method, spend: async () => {} }
}

async function presentedClient(
  { clients }: ClientAuthentication,
  { client_id, decoded, method }: ClientCredentials,
): Promise<RegisteredClient | undefined> {
  const client = await clients.get(client_id, method)
  if (client || !decoded || decoded.client_id === client_id) return client
  return clients.get(decoded.client_id, method)
}

type Refuse = (reason: ClientRefusal, description: string) => OAuthError

/** @param client_id of a known client: what an unknown one calls itself is not repeated, some send their secret there. */
function refusal(client_id: string | undefined, headers: Record<string, string>): Refuse {
  return (reason, description) => {
    // Clients show it to whoever set them up.
    const reference = randomText(9)
    return new OAuthError('invalid_client', withReference(description, reference), {
      headers,
      event: { type: 'client.refused', reason, client_id, reference },
    })
  }
}

/** A client that cannot be looked up now is not one that is unknown: it would forget its registration. */
function unusable(error: unknown, challenge: Record<string, string>): unknown {
  if (!isNamed<UnusableClient>(error, 'UnusableClient')) return error
  const { reason, client_id, message, mayPass } = error
  if (reason === 'unavailable' || mayPass) return new Unavailable(`client: ${message}`, { retryAfter: 30 })
  return refusal(client_id, challenge)(reason, message)
}

function proveBySecret(
  client: RegisteredClient,
  { client_secret, decoded }: ClientCredentials,
  now: number,
  refuse: Refuse,
): void {
  const expiry = secretExpiry(client, [client_secret, decoded?.client_secret])
  if (expiry === undefined) throw refuse('secret', 'The client_secret is wrong.')
  if (expiry !== 0 && now >= expiry) {
    throw refuse('secret_expired', 'The client_secret has expired. Register the client again.')
  }
}

/** RFC 7523 3. Resolves to what notes the assertion as used. */
async function provenByKey(
  { clients, audiences, records, clock }: ClientAuthentication,
  client: RegisteredClient,
  assertion: string,
  refuse: Refuse,
): Promise<() => Promise<void>> {
  const { client_id, token_endpoint_auth_signing_alg: algorithm } = client
  const verify = async (keys: Awaited<ReturnType<KnownClients['keys']>>) =>
    verifyAssertion(assertion, { client_id, keys, audiences, algorithm, now: new Date(clock.now()) })
  const keys = await clients.keys(client)
  let result = await verify(keys)
  if ('refused' in result && result.refused === 'key') {
    // The client may have a new key since.
    const newer = await clients.keys(client, { newer: true })
    if (newer !== keys) result = await verify(newer)
  }
  if ('refused' in result) throw refuse('assertion', `The client_assertion is not accepted: ${result.why}.`)
  const { jti, expires_at } = result
  return async () => {
    if (await noteAssertion(records, client_id, jti, expires_at)) return
    throw refuse(
      'assertion_replayed',
      'The client_assertion was used before. Sign a new one for each request.',
    )
  }
}

/** Until when the secret works that was sent; 0: for ever. `undefined`: this client has no such secret. */
function secretExpiry(
  client: RegisteredClient,
  secrets: readonly (string | undefined)[],
): number | undefined {
  const { client_secret_hash: hash, client_secret_expires_at: expires_at = 0, old_client_secrets } = client
  const known = [...(hash === undefined ? [] : [{ hash, expires_at }]), ...(old_client_secrets ?? [])]
  let expiry: number | undefined
  for (const secret of secrets) {
    if (secret === undefined) continue
    const sent = sha256(secret)
    for (const one of known) if (constantTimeEqual(sent, one.hash)) expiry = one.expires_at
  }
  return expiry
}

/** As sent, and then percent-decoded if that makes a difference. */
function basicReadings(encoded: string): { client_id: string; client_secret: string }[] {
  const text = base64Text(encoded)
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 1) {
    throw new OAuthError('invalid_client', 'The Basic header is malformed.', { headers: basicChallenge })
  }
  const raw = { client_id: text.slice(0, colon), client_secret: text.slice(colon + 1) }
  if (!/[%+]/.test(text)) return [raw]
  const client_id = formDecoded(raw.client_id)
  const client_secret = formDecoded(raw.client_secret)
  return client_id === undefined || client_secret === undefined ? [raw] : [raw, { client_id, client_secret }]
}

function base64Text(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
