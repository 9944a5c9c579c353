import type { PublicKey } from '../crypto/public-keys.ts'

/** How a client authenticates at the token endpoint (RFC 7591 2). */
export type TokenEndpointAuthMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'

/** Client metadata we keep (RFC 7591 2). Anything else a client sends is accepted and dropped. */
export interface ClientMetadata {
  /** Where it waits for the answer: at least one. Compared byte for byte, but for the port of http on loopback. */
  redirect_uris: readonly string[]
  /**
   * How it proves itself: not at all (`none`), with its secret, or by what it signs (`private_key_jwt`, which needs `jwks`
   * or `jwks_uri`).
   */
  token_endpoint_auth_method: TokenEndpointAuthMethod
  /**
   * What else it may use: the other way to send a secret, for one that named no method; what the document of a client
   * offers besides. Ours; not part of any answer.
   */
  further_auth_methods?: readonly TokenEndpointAuthMethod[] | undefined
  /** What its assertions are signed with (RFC 7523): the keys themselves, or where they are. Never both. */
  jwks?: { keys: readonly PublicKey[] } | undefined
  jwks_uri?: string | undefined
  /** Its assertions are signed so, and not otherwise. Left out: any algorithm that we take. */
  token_endpoint_auth_signing_alg?: string | undefined
  grant_types: readonly string[]
  response_types: readonly string[]
  application_type: 'native' | 'web'
  scope?: string | undefined
  client_name?: string | undefined
  client_uri?: string | undefined
  logo_uri?: string | undefined
  policy_uri?: string | undefined
  tos_uri?: string | undefined
  contacts?: readonly string[] | undefined
  software_id?: string | undefined
  software_version?: string | undefined
}

/** How a client may authenticate. */
export function authMethodsOf({
  token_endpoint_auth_method,
  further_auth_methods = [],
}: Pick<
  ClientMetadata,
  'token_endpoint_auth_method' | 'further_auth_methods'
>): readonly TokenEndpointAuthMethod[] {
  return [token_endpoint_auth_method, ...further_auth_methods]
}

/** Whether a client that registers is given a secret. */
export function needsSecret({
  token_endpoint_auth_method: method,
}: Pick<ClientMetadata, 'token_endpoint_auth_method'>): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}

/**
 * Where a client is known from: `static`: the options list it; `created`: an operator made it while the server ran;
 * `registered`: it registered itself (RFC 7591); `document`: its client_id is the URL of its metadata.
 */
export type ClientSource = 'static' | 'created' | 'registered' | 'document'

/** Whether the operator says who this client is, and not the client. */
export function isOperators({ source }: { source: ClientSource }): boolean {
  return source === 'static' || source === 'created'
}

/** A secret from before a rotation. */
export interface OldClientSecret {
  /** SHA-256 of the secret, base64url. */
  hash: string
  /** Unix seconds. */
  expires_at: number
}

export interface RegisteredClient extends ClientMetadata {
  client_id: string
  /** Unix seconds. */
  client_id_issued_at: number
  /** Unix seconds; 0: never. Present whenever there is a secret. */
  client_secret_expires_at?: number | undefined
  /** SHA-256 of the secret, base64url. */
  client_secret_hash?: string | undefined
  /** Those that go on working for a while. */
  old_client_secrets?: readonly OldClientSecret[] | undefined
  source: ClientSource
  /** Joins the events of a registration with those of the first sign-in, after which it is gone. */
  correlation?: string | undefined
}
