import type { KeyPairKeyObjectResult } from 'node:crypto'
import type { Clock } from '@drawbridge/core/provider'

/** Somebody, and the claims about them. */
export interface DevOidcUser {
  sub: string
  name?: string | undefined
  [claim: string]: unknown
}

export interface DevOidcApp {
  clientId: string
  /** Compared as it comes, in a Basic header too: as many real servers do. An assertion is compared with it as well. */
  clientSecret: string
}

/** What real providers do differently. */
export interface OidcSwitches {
  /** `false`: it publishes no metadata. */
  discovery?: false | undefined
  /** `false`: there is no userinfo endpoint. */
  userinfo?: false | undefined
  /** `false`: id_tokens say no more than `sub`, so that userinfo has to be asked. */
  idTokenClaims?: false | undefined
  /**
   * Which sign-ins bring a refresh token: each (default); only somebody's first in an app, and those with
   * `prompt=consent`; none ever.
   */
  refreshTokens?: 'always' | 'on consent' | 'never' | undefined
  /** `false`: a refresh token is used again and again; refreshes bring none. Default: each brings the next. */
  rotation?: false | undefined
  /** `false`: a refresh brings no id_token. */
  refreshIdToken?: false | undefined
  /** Seconds; `'for ever'`: answers name no expiry. Default 3600. */
  accessTokenLifetime?: number | 'for ever' | undefined
  /**
   * What revocation ends: the one sign-in (default), everything this user gave the app, or there is none. With `user`,
   * what has ended already is `invalid_token`.
   */
  revocation?: 'token' | 'user' | 'none' | undefined
  /** `false`: it refuses a request with PKCE's parameters. */
  pkce?: false | undefined
  /** Who issues the id_tokens of this user. Default: the origin of the request. */
  issuerOf?: ((user: DevOidcUser, origin: string) => string) | undefined
  /** The parameter that takes scopes, and what stands between them. Default `scope`, and a space. */
  scopeParameter?: { name: string; separator: string } | undefined
  /** The scopes an answer names, of those asked for; `undefined`: it names none. Default: all. */
  scopesNamed?: ((asked: readonly string[]) => readonly string[] | undefined) | undefined
  /**
   * `true`: an access token of the app's brings another one for the same user (RFC 7523 2.1, as Entra's on-behalf-of).
   * A function names the error it is refused with, if any: `interaction_required`. Default: there is no such grant.
   * A provider's `exchange` is tested against this in a flow; the contract takes any grant type.
   */
  onBehalfOf?: true | ((scopes: readonly string[], user: DevOidcUser) => string | undefined) | undefined
  /** Changes the answer of the token endpoint. */
  answer?: ((answer: Record<string, unknown>, user: DevOidcUser) => object) | undefined
  /** What the callback gets beside `code` and `state`; `first`: the first time that this user signs in. */
  callback?: ((user: DevOidcUser, first: boolean) => Record<string, string>) | undefined
}

export interface OidcState extends OidcSwitches {
  clock: Clock
  users: DevOidcUser[]
  apps: readonly DevOidcApp[]
  key: KeyPairKeyObjectResult
  codes: Map<string, PendingLogin>
  sessions: Session[]
  /** `<client id>/<sub>`: who has given an app a refresh token before. */
  consented: Set<string>
  /** Who has signed in before. */
  visited: Set<string>
}

export interface PendingLogin {
  app: string
  sub: string
  scopes: readonly string[]
  redirect_uri: string
  nonce: string | undefined
  code_challenge: string | undefined
  refreshable: boolean
  /** Unix milliseconds. */
  expires: number
}

export interface Session {
  app: string
  sub: string
  scopes: readonly string[]
  access_token: string
  refresh_token: string | undefined
  /** Unix milliseconds, of the access token. */
  expires: number
}

/** Notes a sign-in: whether it is this user's first, and brings a refresh token. */
export function signedIn(
  state: OidcState,
  { clientId }: DevOidcApp,
  { sub }: DevOidcUser,
  asksForConsent = false,
): { first: boolean; refreshable: boolean } {
  const consent = `${clientId}/${sub}`
  const mode = state.refreshTokens ?? 'always'
  const isConsent = asksForConsent || !state.consented.has(consent)
  const refreshable = mode === 'always' || (mode === 'on consent' && isConsent)
  if (refreshable) state.consented.add(consent)
  const first = !state.visited.has(sub)
  state.visited.add(sub)
  return { first, refreshable }
}
