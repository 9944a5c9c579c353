import { OAuthError } from '../oauth-error.ts'
import type { ClientMetadata } from '../records/client-metadata.ts'
import { bearerCredentials } from '../resource-server/bearer.ts'
import { printable } from '../syntax/printable.ts'
import type { Settings } from './server.ts'

type Registration = Settings['registration']

/** What a client says of itself as it registers, checked, and with the defaults of RFC 7591 2 filled in. */
export type RegisteringClient = Omit<ClientMetadata, 'further_auth_methods'>

/** What is known of who registers a client. */
export interface RegistrationSender {
  /** As the adapter tells it, which trusts the proxies that its framework was told to trust. */
  clientAddress?: string | undefined
  headers: Headers
}

/**
 * The initial access token (RFC 7591 3), where the operator asks for one. Looked at before anything else, so that
 * strangers do not learn what may be registered.
 *
 * @throws OAuthError `invalid_token`, with a challenge (RFC 6750 3) that names an error only when there was a token
 */
export async function checkInitialAccessToken(
  { initialAccessToken }: Pick<Registration, 'initialAccessToken'>,
  headers: Headers,
): Promise<void> {
  if (!initialAccessToken) return
  const presented = bearerCredentials(headers)
  if (presented.kind === 'token' && (await initialAccessToken(presented.token))) return
  const isMissing = presented.kind === 'none'
  const detail = isMissing
    ? 'Registration here needs an initial access token. Ask the operator for one.'
    : 'The initial access token is wrong, or not good any more.'
  const error = isMissing ? '' : `, error="invalid_token", error_description="${detail}"`
  throw new OAuthError('invalid_token', detail, {
    headers: { 'www-authenticate': `Bearer realm="registration"${error}` },
    event: { type: 'registration.refused', reason: isMissing ? 'token_missing' : 'token_wrong', detail },
  })
}

/**
 * Asks the operator. RFC 7591 3.2.2 has no code for a client that may not register although nothing is wrong with it;
 * this is the one that clients show to whoever set them up.
 *
 * @throws OAuthError `invalid_client_metadata`, with the operator's words
 */
export async function checkAllowed(
  { allow }: Pick<Registration, 'allow'>,
  { further_auth_methods: _, ...metadata }: ClientMetadata,
  sender: RegistrationSender,
): Promise<void> {
  // A copy: what the hook does to it changes no client.
  const answer = (await allow?.(structuredClone(metadata), sender)) ?? true
  if (answer === true) return
  const detail = answer === false ? 'This client may not register here.' : printable(answer)
  throw new OAuthError('invalid_client_metadata', detail, {
    event: { type: 'registration.refused', reason: 'not_allowed', detail },
  })
}
