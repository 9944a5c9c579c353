import { randomToken } from '../dev-github/tokens.ts'
import { signed } from './signing.ts'
import { type Consent, faulty, grantOf, type OidcState, personOf, type Session } from './state.ts'
import type { DevOidcUser } from './switches.ts'

/** What the token endpoint answers to somebody's sign-in. */
export interface DevOidcTokens {
  access_token: string
  token_type: 'Bearer'
  expires_in?: number
  /** Where `refreshTokens` lets this sign-in bring one. */
  refresh_token?: string
  scope?: string
  id_token: string
  /** Those of the id_token. */
  claims: { sub: string; [claim: string]: unknown }
}

/** Makes tokens, and keeps them. */
export function opened(
  state: OidcState,
  origin: string,
  consent: Consent,
  refresh_token: string | undefined,
): Session {
  const lifetime = state.accessTokenLifetime ?? 3600
  const expires = lifetime === 'for ever' ? Number.POSITIVE_INFINITY : state.clock.now() + lifetime * 1000
  const { app, sub, scopes, granted, resource } = consent
  const known = { app, sub, scopes, granted, resource, refresh_token, expires }
  const session = { ...known, access_token: accessTokenOf(state, origin, known) }
  state.sessions.push(session)
  return session
}

function accessTokenOf(state: OidcState, origin: string, consent: Consent & { expires: number }): string {
  const grant = grantOf(state, consent)
  if (!state.accessToken || !grant) return fresh(state.accessTokenPrefix ?? 'access_')
  const iat = Math.floor(state.clock.now() / 1000)
  const claims = {
    iss: state.issuerOf?.(grant.user, origin) ?? origin,
    sub: grant.user.sub,
    iat,
    ...(Number.isFinite(grant.exp) && { exp: grant.exp }),
    jti: fresh(''),
  }
  return signed(state, { ...claims, ...state.accessToken(grant, origin) })
}

/** What a form is answered with. */
export function answer(
  state: OidcState,
  origin: string,
  session: Session,
  more: {
    refresh_token: string | undefined
    nonce?: string | undefined
    auth_time?: number | undefined
    withIdToken: boolean
  },
): Response {
  const user = state.users.find(({ sub }) => sub === session.sub)
  if (!user) return faulty(state, 'code')
  const body = {
    ...answerOf(state, session, more.refresh_token),
    ...(more.withIdToken && { id_token: signed(state, claimsOf(state, origin, session, user, more)) }),
  }
  return Response.json(state.answer?.(body, user) ?? body)
}

export function answerOf(
  state: OidcState,
  { access_token, scopes }: Session,
  refresh_token: string | undefined,
): Omit<DevOidcTokens, 'id_token' | 'claims'> {
  const named = (state.scopesNamed ?? ((asked) => asked))(scopes)
  const { accessTokenLifetime = 3600 } = state
  return {
    access_token,
    token_type: 'Bearer',
    ...(accessTokenLifetime !== 'for ever' && { expires_in: accessTokenLifetime }),
    ...(refresh_token !== undefined && { refresh_token }),
    ...(named && { scope: named.join(' ') }),
  }
}

/** Of an id_token (OpenID Connect Core 2). */
export function claimsOf(
  state: OidcState,
  origin: string,
  { app, granted }: Session,
  user: DevOidcUser,
  { nonce, auth_time }: { nonce?: string | undefined; auth_time?: number | undefined } = {},
): DevOidcTokens['claims'] {
  const now = Math.floor(state.clock.now() / 1000)
  const claims = {
    ...(state.idTokenClaims === false ? { sub: user.sub } : personOf(state, user, granted)),
    iss: state.issuerOf?.(user, origin) ?? origin,
    aud: app,
    iat: now,
    exp: now + 300,
    ...(nonce !== undefined && { nonce }),
    ...(auth_time !== undefined && { auth_time }),
  }
  return (state.idToken?.(claims, user) ?? claims) as DevOidcTokens['claims']
}

export function fresh(prefix: string): string {
  return randomToken(prefix, 24)
}
