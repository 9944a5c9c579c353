import type { CryptoKey } from 'jose'
import type { Clock } from '../clock.ts'

/**
 * An identity provider that speaks OAuth 2 or OpenID Connect. Plain data and a few functions: the flow itself is in
 * core, once, and names no provider. {@link OAuthProvider.conform} is the only place for a provider's quirks.
 */
export interface OAuthProvider<Claims = unknown> {
  type: 'oauth'
  /** Stable and explicit: it is part of every subject and of the callback path `/callback/<id>`. */
  id: string
  /** What people call it: "GitHub". */
  label: string
  client: { id: string; auth: ClientAuth }
  /** Written endpoints win over discovered ones. */
  endpoints: Partial<Endpoints>
  /** Present: OpenID Connect, with discovery, `nonce` and a checked id_token. A function when it depends on the tenant. */
  issuer?: string | ((claims: Readonly<Record<string, unknown>>) => string) | undefined
  scopes: ProviderScopes
  /** Extra request parameters the provider wants. They cannot replace the flow's own. */
  parameters?:
    | {
        authorize?: Record<string, string> | undefined
        token?: Record<string, string> | undefined
        refresh?: ((scopes: readonly string[]) => Record<string, string>) | undefined
      }
    | undefined
  /** Whether each login gets tokens of its own, or a user's logins share the newest. */
  tokens: 'per-login' | 'per-user'
  /** What the provider's revocation ends: the one token, or everything this user gave the app. */
  revocation: 'token' | 'user'
  /** Makes this provider's answer what RFC 6749 says. */
  conform?(response: Response, leg: 'code' | 'refresh' | 'revoke'): Promise<Response>
  /**
   * Who signed in. Runs before any code exists, and again when the identity is re-checked.
   * Throws {@link AccessDenied} for an account that may not enter; any other error counts as an outage.
   */
  identify(
    tokens: UpstreamTokens,
    id_token: Readonly<Record<string, unknown>> | undefined,
    call: Call,
  ): Promise<Identity<Claims>>
  /** Ends upstream tokens where RFC 7009 (`endpoints.revocation`) does not apply. */
  revoke?(tokens: UpstreamTokens, call: Call): Promise<void>
}

/** What `provider` and `providers` take. */
export type Provider<Claims = unknown> = OAuthProvider<Claims>

/** The claims type of a provider. */
export type ClaimsOf<P> = P extends { identify(...args: never[]): Promise<Identity<infer Claims>> }
  ? Claims
  : never

/** How we authenticate to the provider's token endpoint (RFC 6749 2.3, RFC 7523). */
export type ClientAuth =
  | { method: 'none' }
  | { method: 'client_secret_basic' | 'client_secret_post'; secret: string }
  | { method: 'private_key_jwt'; key: CryptoKey; kid?: string | undefined }

/** Absolute URLs of a provider (RFC 8414 2, OpenID Connect Discovery 3). */
export interface Endpoints {
  authorization: string
  token: string
  jwks: string
  userinfo: string
  revocation: string
}

/** The scopes that are the provider's own. */
export interface ProviderScopes {
  /** Always asked for. */
  default: readonly string[]
  /**
   * Further scopes that clients may ask for and that go to the provider. A scope in neither list is the operator's
   * own: the user consents to it here and the provider never sees it.
   */
  supported?: readonly string[] | undefined
  /** Our name of a scope to the provider's. Default: the same. */
  toUpstream?(scope: string): string
  /** The provider's name of a scope to ours. Default: the same. */
  fromUpstream?(scope: string): string
}

/** What the provider gave us for a user. Never leaves the server. */
export interface UpstreamTokens {
  access_token: string
  token_type: string
  refresh_token?: string | undefined
  /** Unix seconds. Absent: the provider names no expiry. */
  expires_at?: number | undefined
  /** Unix seconds; when the provider says how long its refresh token lives. */
  refresh_expires_at?: number | undefined
  /** Scopes the provider granted, in our names. */
  scopes: readonly string[]
}

/** Who signed in. */
export interface Identity<Claims = unknown> {
  /** Stable and unique within the provider. Never an e-mail address. */
  sub: string
  claims: Claims
}

/** `fetch` with the operator's time-out and a User-Agent, for a provider's own API calls. */
export interface Call {
  (url: string, init?: RequestInit): Promise<Response>
  readonly clock: Clock
}

/** Thrown by `identify` when this account may not enter. The message is shown to the person: short and kind. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied'
}
