import { sha256 } from '../crypto/hash.ts'
import { ConfigurationError, OAuthError } from '../errors.ts'
import type { StaticClient } from '../options.ts'
import type { ClientMetadata, RegisteredClient } from './metadata.ts'
import type { RedirectUriPolicy } from './redirect-uri.ts'
import { clientMetadata, type RegistrationPolicy } from './registration.ts'

const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]

/**
 * A client from the options, as if it had registered. Registration forgives; here whatever it would drop is a mistake.
 * All is checked at once, so that the mistake throws at construction: only the secret's hash is waited for.
 *
 * @param now Unix seconds, for `client_id_issued_at`
 * @throws ConfigurationError at once, naming the client and the field
 * @example
 * await staticClient({ client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }, now, { redirectUris })
 */
export function staticClient(
  option: StaticClient,
  now: number,
  policy: RegistrationPolicy,
): Promise<RegisteredClient> {
  const { client_id, client_secret } = option
  const at = (field: string) => `clients[${JSON.stringify(client_id)}].${field}`
  // RFC 6749 A.1; a colon would end the id early in a Basic header.
  if (typeof client_id !== 'string' || !/^[\x20-\x7e]+$/.test(client_id)) {
    throw new ConfigurationError(
      'clients',
      `got the client_id ${JSON.stringify(client_id)}`,
      'Use printable ASCII.',
    )
  }
  if (client_id.includes(':') && client_secret !== undefined) {
    throw new ConfigurationError(
      at('client_id'),
      'has a colon',
      'Clients with a secret need an id without one.',
    )
  }
  const isPublic = option.token_endpoint_auth_method === 'none'
  if (client_secret === '' || ('client_secret' in option && client_secret === undefined && !isPublic)) {
    // Most likely an unset variable: it must not quietly turn a confidential client into a public one.
    throw new ConfigurationError(
      at('client_secret'),
      client_secret === '' ? 'is empty' : 'is undefined',
      "Set it, or say token_endpoint_auth_method: 'none' for a public client.",
    )
  }
  const token_endpoint_auth_method =
    option.token_endpoint_auth_method ?? (client_secret === undefined ? 'none' : 'client_secret_basic')
  if ((token_endpoint_auth_method === 'none') !== (client_secret === undefined)) {
    throw new ConfigurationError(
      at('token_endpoint_auth_method'),
      `is ${token_endpoint_auth_method}, ${client_secret === undefined ? 'without' : 'with'} a client_secret`,
      'Public clients (none) have no secret, all others need one.',
    )
  }
  if (option.grant_types?.includes('client_credentials') && client_secret === undefined) {
    throw new ConfigurationError(
      at('grant_types'),
      'has client_credentials for a public client',
      'Give the client a client_secret (RFC 6749 4.4).',
    )
  }

  const metadata = checked(option, { ...option, token_endpoint_auth_method }, policy, at)
  const client: RegisteredClient = { ...metadata, client_id, client_id_issued_at: now, static: true }
  if (client_secret === undefined) return Promise.resolve(client)
  return sha256(client_secret).then((client_secret_hash) => ({
    ...client,
    client_secret_hash,
    client_secret_expires_at: 0,
  }))
}

function checked(
  option: StaticClient,
  fields: object,
  policy: RegistrationPolicy,
  at: (field: string) => string,
): ClientMetadata {
  const redirectUris: RedirectUriPolicy = {
    refuse: (uri, type) => policy.redirectUris.refuse(uri, type, { static: true }),
  }
  let metadata: ClientMetadata
  try {
    metadata = clientMetadata(fields, { ...policy, redirectUris }, grantTypes)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const field = error.code === 'invalid_redirect_uri' ? 'redirect_uris' : 'metadata'
    throw new ConfigurationError(at(field), error.message.replace(/\.$/, ''), 'Correct this client.')
  }
  for (const [field, kept] of Object.entries(metadata)) {
    const given = option[field as keyof ClientMetadata]
    if (given !== undefined && JSON.stringify(given) !== JSON.stringify(kept)) {
      throw new ConfigurationError(
        at(field),
        `is ${JSON.stringify(given)}, of which ${kept === undefined ? 'nothing' : JSON.stringify(kept)} is usable`,
        'Correct or remove it.',
      )
    }
  }
  return metadata
}
