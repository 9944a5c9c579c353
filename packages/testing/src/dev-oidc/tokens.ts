import { createHash, sign } from 'node:crypto'
import { randomToken } from '../dev-github/tokens.ts'
import { type DevOidcApp, type DevOidcUser, type OidcState, type Session, signedIn } from './state.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

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

/** As though this user had signed in. */
export function issue(
  state: OidcState,
  origin: string,
  app: DevOidcApp,
  user: DevOidcUser,
  scopes: readonly string[],
): DevOidcTokens {
  const { refreshable } = signedIn(state, app, user)
  const of = { app: app.clientId, sub: user.sub, scopes }
  const session = opened(state, of, refreshable ? fresh('refresh_') : undefined)
  const claims = claimsOf(state, origin, session, user)
  return {
    ...answerOf(state, session, session.refresh_token),
    id_token: signed(state, claims),
    claims: JSON.parse(JSON.stringify(claims)),
  }
}

/** `/token` (RFC 6749 4.1.3 and 6, and RFC 7523 2.1). */
export function token(state: OidcState, request: Request, app: DevOidcApp, form: URLSearchParams): Response {
  const { origin } = new URL(request.url)
  if (form.get('grant_type') === jwtBearer && state.onBehalfOf) return onBehalfOf(state, origin, app, form)
  if (form.get('grant_type') === 'refresh_token') {
    const { clientId } = app
    const session = state.sessions.find(
      (each) => each.app === clientId && each.refresh_token === form.get('refresh_token'),
    )
    if (!session?.refresh_token) return refusal('invalid_grant')
    const next = opened(state, session, state.rotation === false ? session.refresh_token : fresh('refresh_'))
    state.sessions = state.sessions.filter((each) => each !== session)
    return answer(state, origin, next, {
      refresh_token: state.rotation === false ? undefined : next.refresh_token,
      withIdToken: state.refreshIdToken !== false,
    })
  }
  if (form.get('grant_type') !== 'authorization_code') return refusal('unsupported_grant_type')
  const code = form.get('code') ?? ''
  const pending = state.codes.get(code)
  if (!pending || pending.app !== app.clientId || state.clock.now() >= pending.expires) {
    return refusal('invalid_grant')
  }
  if (pending.redirect_uri !== form.get('redirect_uri')) return refusal('invalid_grant')
  const { code_challenge, nonce } = pending
  if (code_challenge !== undefined && s256(form.get('code_verifier') ?? '') !== code_challenge) {
    return refusal('invalid_grant')
  }
  state.codes.delete(code)
  const session = opened(state, pending, pending.refreshable ? fresh('refresh_') : undefined)
  return answer(state, origin, session, { refresh_token: session.refresh_token, nonce, withIdToken: true })
}

/** The JWT bearer grant, as Entra has it. */
function onBehalfOf(state: OidcState, origin: string, app: DevOidcApp, form: URLSearchParams): Response {
  if (form.get('requested_token_use') !== 'on_behalf_of') return refusal('invalid_request')
  const session = state.sessions.find(
    (each) => each.app === app.clientId && each.access_token === form.get('assertion'),
  )
  const user = state.users.find(({ sub }) => sub === session?.sub)
  if (!session || !user || session.expires <= state.clock.now()) return refusal('invalid_grant')
  const scopes = (form.get('scope') ?? '').split(' ').filter(Boolean)
  if (scopes.length === 0) return refusal('invalid_scope')
  const error = typeof state.onBehalfOf === 'function' ? state.onBehalfOf(scopes, user) : undefined
  if (error !== undefined) return refusal(error, 'AADSTS50000: this user cannot be acted for.')
  const isRefreshable = scopes.includes('offline_access')
  const next = opened(state, { ...session, scopes }, isRefreshable ? fresh('refresh_') : undefined)
  return answer(state, origin, next, {
    refresh_token: next.refresh_token,
    withIdToken: scopes.includes('openid'),
  })
}

/** `/userinfo` (OpenID Connect Core 5.3). */
export function userinfo(state: OidcState, request: Request): Response {
  const presented = request.headers.get('authorization')?.replace(/^Bearer /i, '')
  const session = state.sessions.find((each) => each.access_token === presented)
  const user = state.users.find(({ sub }) => sub === session?.sub)
  if (!session || !user || session.expires <= state.clock.now()) return new Response(null, { status: 401 })
  return Response.json(user)
}

/** `/revoke` (RFC 7009). */
export function revoke(state: OidcState, app: DevOidcApp, form: URLSearchParams): Response {
  const presented = form.get('token')
  const session = state.sessions.find(
    (each) =>
      each.app === app.clientId && (each.access_token === presented || each.refresh_token === presented),
  )
  if (!session) {
    return state.revocation === 'user'
      ? Response.json({ error: 'invalid_token' }, { status: 400 })
      : new Response(null)
  }
  const endsAll = state.revocation === 'user'
  state.sessions = state.sessions.filter(
    (each) => each !== session && !(endsAll && each.app === session.app && each.sub === session.sub),
  )
  if (endsAll) state.consented.delete(`${session.app}/${session.sub}`)
  return new Response(null)
}

function refusal(error: string, error_description?: string): Response {
  return Response.json({ error, error_description }, { status: error === 'invalid_client' ? 401 : 400 })
}

function opened(
  state: OidcState,
  { app, sub, scopes }: Pick<Session, 'app' | 'sub' | 'scopes'>,
  refresh_token: string | undefined,
): Session {
  const lifetime = state.accessTokenLifetime ?? 3600
  const expires = lifetime === 'for ever' ? Number.POSITIVE_INFINITY : state.clock.now() + lifetime * 1000
  const session = { app, sub, scopes, access_token: fresh('access_'), refresh_token, expires }
  state.sessions.push(session)
  return session
}

function answer(
  state: OidcState,
  origin: string,
  session: Session,
  more: { refresh_token: string | undefined; nonce?: string | undefined; withIdToken: boolean },
): Response {
  const user = state.users.find(({ sub }) => sub === session.sub)
  if (!user) return Response.json({ error: 'invalid_grant' }, { status: 400 })
  const body = {
    ...answerOf(state, session, more.refresh_token),
    ...(more.withIdToken && { id_token: signed(state, claimsOf(state, origin, session, user, more.nonce)) }),
  }
  return Response.json(state.answer?.(body, user) ?? body)
}

function answerOf(
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

function claimsOf(
  state: OidcState,
  origin: string,
  { app }: Session,
  user: DevOidcUser,
  nonce?: string,
): DevOidcTokens['claims'] {
  const now = Math.floor(state.clock.now() / 1000)
  return {
    ...(state.idTokenClaims === false ? { sub: user.sub } : user),
    iss: state.issuerOf?.(user, origin) ?? origin,
    aud: app,
    iat: now,
    exp: now + 300,
    ...(nonce !== undefined && { nonce }),
  }
}

function signed(state: OidcState, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({ alg: 'ES256', kid: 'dev' })}.${part(claims)}`
  const key = { key: state.key.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`
}

function fresh(prefix: string): string {
  return randomToken(prefix, 24)
}

function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
