import type { KeyPairKeyObjectResult } from 'node:crypto'
import type { Clock } from '@drawbridge/core/provider'
import type { BrowserSession } from './browser-session.ts'
import type { DevOidcApp, DevOidcUser, OidcFault, OidcGrant, OidcRefusal, OidcSwitches } from './switches.ts'

export interface OidcState extends OidcSwitches {
  clock: Clock
  users: DevOidcUser[]
  apps: DevOidcApp[]
  key: () => KeyPairKeyObjectResult
  codes: Map<string, PendingLogin>
  sessions: Session[]
  /** `<client id>/<sub>`: who has given an app a refresh token before. */
  consented: Set<string>
  /** `<client id>/<sub>`: who let an app in, and has not ended it since. */
  approved: Set<string>
  /** Browsers in which somebody is signed in, by the value of their cookie. */
  browsers: Map<string, BrowserSession>
  /** Who has signed in before. */
  visited: Set<string>
}

/** What somebody consented to. */
export interface Consent {
  app: string
  sub: string
  scopes: readonly string[]
  granted: readonly string[]
  resource: string | undefined
}

export interface PendingLogin extends Consent {
  redirect_uri: string
  nonce: string | undefined
  /** Unix seconds; where the client asked how old a sign-in may be (OpenID Connect Core 3.1.2.1). */
  auth_time: number | undefined
  code_challenge: string | undefined
  refreshable: boolean
  /** Unix milliseconds. */
  expires: number
}

export interface Session extends Consent {
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
  asks: { consent: boolean; refresh: boolean } = { consent: false, refresh: true },
): { first: boolean; refreshable: boolean } {
  const consent = `${clientId}/${sub}`
  const mode = state.refreshTokens ?? 'always'
  const isConsent = asks.consent || !state.consented.has(consent)
  const refreshable = asks.refresh && (mode === 'always' || (mode === 'on consent' && isConsent))
  if (refreshable) state.consented.add(consent)
  const first = !state.visited.has(sub)
  state.visited.add(sub)
  return { first, refreshable }
}

/** What an access token stands for, while it works. */
export function liveGrant(state: OidcState, access_token: string | null | undefined): OidcGrant | undefined {
  const session = state.sessions.find((each) => each.access_token === access_token)
  return session && session.expires > state.clock.now() ? grantOf(state, session) : undefined
}

export function grantOf(
  state: OidcState,
  { app, sub, expires, ...consent }: Consent & { expires: number },
): OidcGrant | undefined {
  const user = state.users.find((each) => each.sub === sub)
  const { scopes, granted, resource } = consent
  return user && { user, clientId: app, scopes, granted, resource, exp: Math.floor(expires / 1000) }
}

/** The claims about somebody, as far as these scopes go. */
export function personOf({ claims }: OidcState, user: DevOidcUser, scopes: readonly string[]): object {
  return { ...(claims ? claims(user, scopes) : user), sub: user.sub }
}

const words: Record<OidcFault, string> = {
  client: 'invalid_client',
  code: 'invalid_grant',
  redirect_uri: 'invalid_grant',
  code_verifier: 'invalid_grant',
  refresh_token: 'invalid_grant',
  assertion: 'invalid_grant',
  scope: 'invalid_scope',
  token: 'invalid_token',
}

/** In the words of RFC 6749 5.2, or the provider's own. */
export function faulty(state: OidcState, fault: OidcFault): Response {
  return refusal(state.errors?.[fault] ?? { error: words[fault] })
}

export function refusal({ status, ...body }: OidcRefusal): Response {
  return Response.json(body, { status: status ?? (body.error === 'invalid_client' ? 401 : 400) })
}
