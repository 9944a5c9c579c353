import type { ClientMetadata, RegisteredClient, TokenEndpointAuthMethod } from './clients/metadata.ts'

/**
 * What the endpoints need from whoever keeps clients and grants. Our own is put together in `built-in-engine.ts`; a
 * "bring your own" one implements the same methods, so that there is no second path.
 *
 * `load…` decides nothing: it finds what a credential leads to. The files in `grants/` check everything else, and
 * only then call the loaded object's `exchange`, which is the one conditional write.
 */
export interface Engine {
  getClient(client_id: string): Promise<RegisteredClient | undefined>
  /** `sender`: whom the operator takes the request to come from. */
  registerClient(metadata: ClientMetadata, sender?: string | undefined): Promise<Registration>
  loadAuthorizationCode(code: string): Promise<LoadedCode | undefined>
  /** `undefined`: no refresh token of ours. */
  loadRefreshToken(refresh_token: string): Promise<LoadedRefreshToken | UnusableToken | undefined>
  loadAccessToken(access_token: string): Promise<LoadedAccessToken | undefined>
}

/** A new client. */
export interface Registration {
  client: RegisteredClient
  client_secret?: string | undefined
  /** The client_id of one that nobody approved, which had to make room. */
  evicted?: string | undefined
}

/** What the events about a credential say of it, for an engine that knows. */
export interface Flow {
  grant?: string | undefined
  correlation?: string | undefined
}

/** A token of ours by its form, which leads nowhere. `forged`: the grant it claims is there, and never issued it. */
export interface UnusableToken extends Flow {
  refused: 'unknown' | 'forged'
}

export interface LoadedCode extends Flow {
  client_id: string
  redirect_uri: string
  /** Whether the authorization request named it, so that this one must, too (RFC 6749 4.1.3). */
  redirect_uri_named: boolean
  code_challenge: string
  resource: string
  /**
   * Redeems the code, once. The caller has authenticated the client and checked everything else. Throws
   * `invalid_grant` for a code that was redeemed before or has expired.
   */
  exchange(client: AuthenticatedClient): Promise<TokenSet>
}

export interface LoadedRefreshToken extends Flow {
  refused?: never
  client_id: string
  /** The method the client used last; it must use it again, or a stronger one, which is then bound. */
  client_auth: TokenEndpointAuthMethod | undefined
  resource: string
  scopes: readonly string[]
  /** Rotates, or answers again what a rotation answered. Throws `invalid_grant` for a token that is dead. */
  exchange(client: AuthenticatedClient, request: { scopes: readonly string[] }): Promise<TokenSet>
  /** Ends the grant (RFC 7009). */
  revoke(): Promise<void>
}

export interface LoadedAccessToken extends Flow {
  refused?: never
  client_id: string
  revoke(): Promise<void>
}

export interface AuthenticatedClient {
  client: RegisteredClient
  method: TokenEndpointAuthMethod
}

/** RFC 6749 5.1. */
export interface TokenSet {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. */
  expires_in: number
  scope: string
  refresh_token?: string | undefined
}
