import type { CryptoKey } from 'jose'
import type { Clock } from '../clock.ts'
import type { Prompt } from '../records/transaction.ts'
import type { UpstreamClaims, UpstreamTokens } from '../records/upstream-tokens.ts'
import type { Words } from '../syntax/words.ts'

/**
 * Where people sign in: at somebody else's, or at a page of ours. What `provider` and `providers` take.
 */
export type Provider<Claims = unknown> = OAuthProvider<Claims> | FormProvider<Claims>

/**
 * An identity provider that speaks OAuth 2 or OpenID Connect. Plain data and a few functions: the flow itself is in
 * core, once, and names no provider. {@link OAuthProvider.conform} is the only place for a provider's quirks.
 */
export interface OAuthProvider<Claims = unknown> {
  type: 'oauth'
  /** Stable and explicit: it is part of every subject and of the callback path `/callback/<id>`. */
  id: string
  /** What people call it: "Acme". */
  label: string
  /** Its mark, beside the label on the consent page. */
  icon?: Icon | undefined
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
  /**
   * What it does of what it can be told to ask (OpenID Connect Core 3.1.2.1). With `login`, its id_tokens say in `auth_time`
   * when the person signed in. Whatever is not listed is not sent to `parameters.authorize`. Default: nothing.
   */
  prompts?: readonly Prompt[] | undefined
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
  /** Makes this provider's answer what RFC 6749 says; with `exchange`, what {@link OAuthProvider.exchange} resolved to. */
  conform?(response: Response, leg: 'code' | 'refresh' | 'revoke' | 'exchange'): Promise<Response>
  /**
   * Who signed in. Runs before any code exists, and again when the identity is re-checked.
   * Throws {@link AccessDenied} for an account that may not enter; any other error counts as an outage.
   */
  identify(login: Login<Claims>): Promise<Identity<Claims>>
  /**
   * Asks the provider for another token for the same user (RFC 8693, or "on behalf of"), for tools that need scopes the
   * kept token has not. Resolves to the token endpoint's answer, or whatever `post` resolved to; core reads it. A refusal
   * (RFC 6749 5.2) ends nothing. Absent: the kept token is the only one.
   */
  exchange?(request: {
    tokens: UpstreamTokens
    /** What the token is to hold, as the provider names it. */
    scopes: readonly string[]
    endpoints: KnownEndpoints
    post: Post
  }): Promise<Response>
  /** Ends upstream tokens where RFC 7009 (`endpoints.revocation`) does not apply. */
  revoke?(ending: {
    tokens: UpstreamTokens
    endpoints: KnownEndpoints
    call: Call
    post: Post
  }): Promise<void>
}

/** What `parameters.authorize` may depend on. */
export interface AuthorizationParameters {
  /** As they are sent: in the provider's names. */
  scopes: readonly string[]
  /** What the client would have the provider ask of the person (OpenID Connect Core 3.1.2.1). */
  prompt?: Prompt | undefined
  /** Whom the client expects to sign in: an address or a name, and never to be relied upon. */
  login_hint?: string | undefined
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
  endpoints: KnownEndpoints
  call: Call
  /** For a token that what identifies them needs and the kept one is not. */
  post: Post
}

/** The claims type of a provider. */
export type ClaimsOf<P> = P extends { identify(...args: never[]): Promise<Identity<infer Claims>> }
  ? Claims
  : P extends { verify(...args: never[]): Promise<infer Verdict> }
    ? Verdict extends Identity<infer Claims>
      ? Claims
      : never
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

/** Written ones, and beneath them what the provider publishes. */
export type KnownEndpoints = Readonly<Partial<Endpoints> & Pick<Endpoints, 'authorization' | 'token'>>

/** The scopes that are the provider's own. */
export interface ProviderScopes {
  /** Always asked for. */
  default: readonly string[]
  /**
   * Further scopes that clients may ask for and that go to the provider. A scope in neither list is the operator's
   * own: the user consents to it here and the provider never sees it, unless the operator maps it to scopes of the
   * provider, listed or not.
   */
  supported?: readonly string[] | undefined
  /** Always sent to the provider, and never shown to clients: `offline_access`. */
  hidden?: readonly string[] | undefined
  /**
   * What people read of these scopes, by scope, in English or by language: `{ en: 'Read your profile', de: '…' }`. The
   * operator's own words win.
   */
  descriptions?: Readonly<Record<string, Words>> | undefined
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

/**
 * People who sign in at a page of ours: with a password kept here, a directory, a code. Plain data and a function or two:
 * the page, its form and what binds it to one browser are in core.
 */
export interface FormProvider<Claims = unknown> {
  type: 'form'
  /** Stable and explicit: it is part of every subject and of the page's path `/sign-in/<id>`. */
  id: string
  /** What people call what they sign in to, a name in all languages: "Acme". */
  label: string
  /** Its mark, beside the label on the consent page. */
  icon?: Icon | undefined
  /** What is asked for, in this order. */
  fields: readonly FormField[]
  /**
   * Who this is. `invalid`: nobody, and the person may try again; say the same of a name that is not known, after the same
   * time. `locked`: not now, after too many tries. Throws {@link AccessDenied} for an account that may not enter, whose
   * message the client gets to show; any other error counts as an outage. After one, or when somebody presses twice, it is
   * called again for the same login: take a one-time code that was right once more while `correlation` is the same.
   */
  verify(
    input: Readonly<Record<string, string>>,
    context: FormContext,
  ): Promise<Identity<Claims> | { error: 'invalid' | 'locked' }>
  /**
   * Whether this account may still enter; only `true` keeps it in. Asked once in `lifetimes.identityRecheck`. Throws for an
   * outage, which is an event each time, and tolerated for `lifetimes.identityGrace`. Absent: nobody is asked.
   */
  recheck?(sub: string): Promise<boolean>
}

/** One input of a sign-in page. All are required; nobody types more than 1024 characters into one. */
export interface FormField {
  /** Its key in `verify`'s input. */
  name: string
  /**
   * What people read beside it: a text in the server's own language, or one per language: `{ en: 'User name', de: '…' }`.
   * The page is in a language that all fields have.
   */
  label: Words
  type: 'text' | 'email' | 'password' | 'one-time-code'
  /** For password managers (HTML 4.10.18.7). Default by type: `username`, `username`, `current-password`, `one-time-code`. */
  autocomplete?: string | undefined
}

/** What `verify` knows beside the input. */
export interface FormContext {
  clock: Clock
  /** The peer's address, where the adapter knows it. Nothing is to be bound to it. */
  clientAddress?: string | undefined
  /** Joins log lines with the events of this sign-in. */
  correlation: string
}

/** A mark for a page. */
export interface Icon {
  /** A whole `<svg>` with a `viewBox`; it is shown as an image, where it runs no script and loads nothing. */
  svg: string
}

/** Who signed in. */
export interface Identity<Claims = unknown> {
  /** Stable and unique within the provider. Never an e-mail address. */
  sub: string
  claims: Claims
  /**
   * What people know the account by: a login name, an address. They alone get to see it, on the pages. Default: `sub`.
   */
  account?: string | undefined
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
