/** How a client authenticates at the token endpoint (RFC 7591 2). */
export type TokenEndpointAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post'

/** Client metadata we keep (RFC 7591 2). Anything else a client sends is accepted and dropped. */
export interface ClientMetadata {
  redirect_uris: readonly string[]
  token_endpoint_auth_method: TokenEndpointAuthMethod
  /** It has a secret and named no method, so that it may send the secret either way. Ours; not part of any answer. */
  either_secret_method?: true | undefined
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
