import { sha256 } from '../crypto/hash.ts'
import type { NewClient } from '../engine/client-editing.ts'
import { ConfigurationError } from '../errors.ts'
import { said } from '../known-options.ts'
import type { ClientMetadata, RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'
import { strictMetadata } from './given-metadata.ts'
import type { RedirectUriPolicy } from './redirect-uri.ts'
import { type RegistrationPolicy, tokenEndpointAuthMethods } from './registration.ts'
import { checkSecret } from './secret-strength.ts'

/** A client known beforehand, in the terms of RFC 7591. What registration would forgive is an error here. */
export interface StaticClient extends NewClient {
  client_id: string
  redirect_uris: readonly string[]
  /** Left out: a public client (`none`), or one that signs (`private_key_jwt`). */
  client_secret?: string | undefined
}

/** What clients in the options are for: people sign in with them. */
const grantTypes = ['authorization_code', 'refresh_token']

/**
 * A client from the options, as if it had registered. Registration forgives; here whatever it would drop is a mistake.
 *
 * @param now Unix seconds, for `client_id_issued_at`
 * @throws ConfigurationError at once, naming the client and the field
 */
export function staticClient(
  option: StaticClient,
  now: number,
  policy: Omit<RegistrationPolicy, 'grantTypes'>,
): RegisteredClient {
  const { client_id, client_secret } = option
  // RFC 6749 A.1
  if (typeof client_id !== 'string' || !/^[\x20-\x7e]+$/.test(client_id)) {
    const got = `one has the client_id ${said(client_id)}`
    throw new ConfigurationError('clients', got, 'Use printable ASCII.')
  }
  const token_endpoint_auth_method = authMethod(option)
  const metadata = checkedMetadata({ ...option, token_endpoint_auth_method }, policy)
  const client: RegisteredClient = { ...metadata, client_id, client_id_issued_at: now, source: 'static' }
  if (client_secret === undefined) return client
  return {
    ...client,
    further_auth_methods:
      option.token_endpoint_auth_method === undefined ? ['client_secret_post'] : undefined,
    client_secret_hash: sha256(client_secret),
    client_secret_expires_at: 0,
  }
}

function authMethod(option: StaticClient): TokenEndpointAuthMethod {
  const { client_id, client_secret, token_endpoint_auth_method: given } = option
  if (
    client_secret === '' ||
    ('client_secret' in option && client_secret === undefined && given !== 'none')
  ) {
    // Most likely an unset variable: it must not quietly turn a confidential client into a public one.
    const got = client_secret === '' ? 'is empty' : 'is undefined'
    const fix = "Set it, or say token_endpoint_auth_method: 'none' for a public client."
    throw mistake(option, 'client_secret', got, fix)
  }
  if (given !== undefined && !tokenEndpointAuthMethods.includes(given)) {
    const fix = `Use one of ${tokenEndpointAuthMethods.join(', ')}.`
    throw mistake(option, 'token_endpoint_auth_method', `is ${JSON.stringify(given)}`, fix)
  }
  if (client_secret !== undefined) checkSecret(name(option, 'client_secret'), client_secret)
  const method = given ?? (client_secret === undefined ? 'none' : 'client_secret_basic')
  if (['none', 'private_key_jwt'].includes(method) !== (client_secret === undefined)) {
    const got = `is ${method}, ${client_secret === undefined ? 'without' : 'with'} a client_secret`
    const fix =
      'Public clients (none) and those with keys (private_key_jwt) have no secret, all others need one.'
    throw mistake(option, 'token_endpoint_auth_method', got, fix)
  }
  if (method === 'client_secret_basic' && client_id.includes(':')) {
    const fix = 'It would end there in a Basic header: use another id, or client_secret_post.'
    throw mistake(option, 'client_id', 'has a colon', fix)
  }
  return method
}

function checkedMetadata(
  option: StaticClient,
  policy: Omit<RegistrationPolicy, 'grantTypes'>,
): ClientMetadata {
  const redirectUris: RedirectUriPolicy = {
    refuse: (uri, type) => policy.redirectUris.refuse(uri, type, { source: 'static' }),
  }
  return strictMetadata(option, { ...policy, redirectUris, grantTypes }, (field, got, fix) =>
    mistake(option, field, got, fix),
  )
}

function mistake(option: StaticClient, field: string, got: string, fix: string): ConfigurationError {
  return new ConfigurationError(name(option, field), got, fix)
}

function name({ client_id }: StaticClient, field: string): string {
  return `clients[${JSON.stringify(client_id)}].${field}`
}
