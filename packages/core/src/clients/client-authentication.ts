import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import type { AuthenticatedClient, Engine } from '../engine/engine.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { withReference } from '../http/responses.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'

/** What a request to the token or revocation endpoint says about its sender (RFC 6749 2.3). */
export interface ClientCredentials {
  client_id: string
  client_secret?: string | undefined
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

type ClientRefusal = DrawbridgeEvents['client.refused']['reason']

const basicChallenge = { 'www-authenticate': 'Basic realm="client", charset="UTF-8"' }

/**
 * Finds the client's credentials in a request: an HTTP Basic header, or the form.
 *
 * @throws OAuthError `invalid_client` when there are none or the header is malformed, `invalid_request` when they come
 *   both ways at once (RFC 6749 2.3)
 */
export function clientCredentials(headers: Headers, form: Pick<Form, 'get'>): ClientCredentials {
  const client_id = form.get('client_id') || undefined
  const client_secret = form.get('client_secret') || undefined
  const basic = /^basic(?:\s+(.*))?$/i.exec(headers.get('authorization')?.trim() ?? '')
  if (!basic) {
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
  const readings = basicReadings(basic[1] ?? '').filter(
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

/**
 * Finds the client and holds it to what it registered: the method, and the secret if it has one. A client that was
 * given a secret cannot do without, and a public one cannot bring any. Only one that named no method may send its secret
 * by either; which it used is told, and bound to its grant.
 *
 * @param now Unix seconds
 * @throws OAuthError `invalid_client` (401), upon which official clients forget their registration and register again
 */
export async function authenticateClient(
  engine: Pick<Engine, 'getClient'>,
  credentials: ClientCredentials,
  now: number,
): Promise<AuthenticatedClient> {
  const { method, decoded, challenge } = credentials
  let client = await engine.getClient(credentials.client_id)
  if (!client && decoded && decoded.client_id !== credentials.client_id) {
    client = await engine.getClient(decoded.client_id)
  }

  // What an unknown client calls itself is not repeated: some send their secret there.
  const client_id = client?.client_id
  const refuse = (reason: ClientRefusal, description: string) => {
    // Clients show it to whoever set them up.
    const reference = randomText(9)
    return new OAuthError('invalid_client', withReference(description, reference), {
      headers: challenge,
      event: { type: 'client.refused', reason, client_id, reference },
    })
  }
  if (!client) throw refuse('unknown', 'This client is not known here, or no longer. Register it again.')
  const registered = client.token_endpoint_auth_method
  const isEither = client.either_secret_method === true && method !== 'none'
  if (method !== registered && !isEither) {
    throw refuse('method', `This client registered ${registered}, and used ${method}.`)
  }
  if (registered === 'none') return { client, method }

  const secrets = [credentials.client_secret, decoded?.client_secret]
  const expiry = secretExpiry(client, secrets)
  if (expiry === undefined) throw refuse('secret', 'The client_secret is wrong.')
  if (expiry !== 0 && now >= expiry) {
    throw refuse('secret_expired', 'The client_secret has expired. Register the client again.')
  }
  return { client, method }
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
