import { faulty, grantOf, liveGrant, type OidcState, personOf, type Session } from './state.ts'
import type { DevOidcApp } from './switches.ts'

export function bearerOf(request: Request): string {
  return /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}

/** `/userinfo` (OpenID Connect Core 5.3). */
export function userinfo(state: OidcState, request: Request): Response {
  const grant = liveGrant(state, bearerOf(request))
  const person =
    grant && (state.userinfo ? state.userinfo(grant) : personOf(state, grant.user, grant.granted))
  if (!person) return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
  return Response.json(person)
}

/** `/revoke` (RFC 7009). */
export function revoke(state: OidcState, app: DevOidcApp | undefined, token: string): Response {
  const endsAll = state.revocation === 'user'
  const session = ofToken(state, endsAll ? undefined : app?.clientId, token)
  if (!session) return endsAll ? faulty(state, 'token') : new Response(null)
  const { app: of, sub, refresh_token } = session
  state.sessions = state.sessions.filter((each) => {
    const isSame = endsAll
      ? each.app === of && each.sub === sub
      : each === session || (refresh_token !== undefined && each.refresh_token === refresh_token)
    return !isSame
  })
  if (endsAll) state.consented.delete(`${of}/${sub}`)
  return new Response(null)
}

/** `/introspect` (RFC 7662 2.2). */
export function introspect(state: OidcState, origin: string, token: string): Response {
  const session = ofToken(state, undefined, token)
  const grant = session && grantOf(state, session)
  const isAccess = session?.access_token === token
  if (!session || !grant || (isAccess && !liveGrant(state, token))) return Response.json({ active: false })
  const { clientId: client_id, scopes } = grant
  const about = { client_id, sub: grant.user.sub, iss: origin, scope: scopes.join(' ') }
  const token_type = isAccess ? 'access_token' : 'refresh_token'
  return Response.json({
    active: true,
    ...about,
    ...(isAccess && claimsIn(state, token, grant.exp)),
    token_type,
  })
}

/** Those that a JWT has; an opaque token has its end alone. */
function claimsIn({ accessToken }: OidcState, token: string, exp: number): object {
  if (!accessToken) return Number.isFinite(exp) ? { exp } : {}
  const [, payload = ''] = token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

function ofToken(state: OidcState, app: string | undefined, token: string): Session | undefined {
  return state.sessions.find(
    (each) =>
      (app === undefined || each.app === app) &&
      (each.access_token === token || each.refresh_token === token),
  )
}
