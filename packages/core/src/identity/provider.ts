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
  /** Written endpoints win over discovered ones. Nothing is discovered where all are written that a login needs. */
  endpoints: Partial<Endpoints>
  /**
   * Present: OpenID Connect, with discovery, `nonce` and a checked id_token. A function when it depends on the tenant:
   * it is asked which issuer the account of these checked claims must come from, and may throw {@link AccessDenied}.
   * There is nothing to discover then, so that `endpoints` must name authorization, token and jwks.
   */
  issuer?: string | ((claims: UpstreamClaims) => string) | undefined
  /** The issuer is there for `iss` of the callback (RFC 9207) and for discovery (RFC 8414); there are no id_tokens. */
  openid?: false | undefined
  /** The provider refuses PKCE's parameters. */
  pkce?: false | undefined
  /** How the answer comes to the callback. Default: in the query. */
  response_mode?: 'form_post' | undefined
  scopes: ProviderScopes
  /** Extra request parameters the provider wants. They cannot replace the flow's own. Scopes are as they are sent. */
  parameters?:
    | {
        authorize?(request: AuthorizationParameters): Record<string, string>
        token?(request: { scopes: readonly string[] }): Record<string, string>
        refresh?(request: { scopes: readonly string[] }): Record<string, string>
      }
    | undefined
  /** Whether each login gets tokens of its own, or a user's logins with the same scopes share the newest. */
  tokens: 'per-login' | 'per-user'
  /** What the provider's revocation ends: the one token, everything this user gave the app, or that there is none. */
  revocation: 'token' | 'user' | 'none'
  /** Makes this provider's answer what RFC 6749 says. */
  conform?(response: Response, leg: 'code' | 'refresh' | 'revoke'): Promise<Response>
  /**
   * Who signed in. Runs before any code exists, and again when the identity is re-checked.
   * Throws {@link AccessDenied} for an account that may not enter; any other error counts as an outage.
   */
  identify(login: Login<Claims>): Promise<Identity<Claims>>
  /** Ends upstream tokens where RFC 7009 (`endpoints.revocation`) does not apply. */
  revoke?(ending: {
    tokens: UpstreamTokens
    endpoints: Readonly<Partial<Endpoints>>
    call: Call
    post: Post
  }): Promise<void>
}

/** What `parameters.authorize` may depend on. */
export interface AuthorizationParameters {
  /** As they are sent: in the provider's names. */
  scopes: readonly string[]
  /**
   * The provider was asked a moment ago and its answer will not do: it brought no refresh token and none is kept. Ask in
   * a way that brings one.
   */
  again: boolean
}

/** What `identify` learns of a sign-in, or of one that is checked again. All of it is a copy. */
export interface Login<Claims = unknown> {
  tokens: UpstreamTokens
  /** Of the newest id_token, which was checked. It may be as old as the sign-in. */
  claims?: UpstreamClaims | undefined
  /** What the token endpoint said beyond RFC 6749 and OpenID Connect, up to 4 kB; kept for when it is checked again. */
  answer: Readonly<Record<string, unknown>>
  /** What the callback said beyond RFC 6749 and OpenID Connect. Anybody may have written it; empty when checked again. */
  callback: Readonly<Record<string, string>>
  /** What `identify` gave last. Absent: somebody is signing in. */
  previous?: Identity<Claims> | undefined
  /** Discovered ones included. */
  endpoints: Readonly<Partial<Endpoints>>
  call: Call
}

/** The claims of a checked id_token (OpenID Connect Core 2). */
export type UpstreamClaims = Readonly<Record<string, unknown>>

/** What `provider` and `providers` take. */
export type Provider<Claims = unknown> = OAuthProvider<Claims>

/** The claims type of a provider. */
export type ClaimsOf<P> = P extends { identify(...args: never[]): Promise<Identity<infer Claims>> }
  ? Claims
  : never

/** How we authenticate to the provider's token endpoint (RFC 6749 2.3, RFC 7523). */
export type ClientAuth =
  | { method: 'none' }
  | {
      method: 'client_secret_basic' | 'client_secret_post'
      secret: string | (() => string | Promise<string>)
    }
  | { method: 'private_key_jwt'; key: CryptoKey; kid?: string | undefined }
  /** A JWT that somebody else signs (RFC 7523 2.2): a managed identity, a federated credential. Asked for at each call. */
  | { method: 'assertion'; assertion: () => Promise<string> }

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
  /** Always sent to the provider, and never shown to clients: `offline_access`. */
  hidden?: readonly string[] | undefined
  /** The parameter of the authorization request that takes them. Default `scope`. */
  parameter?: string | undefined
  /** What stands between them there. Default a space. */
  separator?: string | undefined
  /** Our names to the provider's. Default: the same. */
  toUpstream?(scopes: readonly string[]): readonly string[]
  /**
   * The names the provider granted to ours. Default: the same.
   *
   * @param asked what was asked for, in our names: some providers do not say everything they grant
   */
  fromUpstream?(scopes: readonly string[], asked: readonly string[]): readonly string[]
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

/** What the provider's token endpoint said; kept with the connection. */
export interface UpstreamAnswer {
  tokens: UpstreamTokens
  /** Of the newest id_token. */
  claims?: UpstreamClaims | undefined
  /** Members beyond those of the specifications. */
  answer: Readonly<Record<string, unknown>>
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

/**
 * Posts a form to the provider, authenticated as `client.auth` says; for its own endpoints beside the token endpoint.
 * Resolves to the answer whatever its status.
 */
export type Post = (url: string, parameters: Readonly<Record<string, string>>) => Promise<Response>

/** Thrown by `identify` when this account may not enter. The message is shown to the person: short and kind. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied'
}
