import { createHash } from 'node:crypto'
import { answer, answerOf, claimsOf, type DevOidcTokens, fresh, opened } from './sessions.ts'
import { signed } from './signing.ts'
import {
  type Consent,
  faulty,
  grantOf,
  type OidcState,
  type PendingLogin,
  refusal,
  type Session,
  signedIn,
} from './state.ts'
import type { DevOidcApp, DevOidcUser } from './switches.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** As though this user had signed in. */
export function issue(
  state: OidcState,
  origin: string,
  app: DevOidcApp,
  user: DevOidcUser,
  scopes: readonly string[],
): DevOidcTokens {
  const { refreshable } = signedIn(state, app, user)
  const consent = { app: app.clientId, sub: user.sub, scopes, granted: scopes, resource: undefined }
  const session = opened(state, origin, consent, refreshable ? fresh('refresh_') : undefined)
  const claims = claimsOf(state, origin, session, user)
  return {
    ...answerOf(state, session, session.refresh_token),
    id_token: signed(state, claims),
    claims: JSON.parse(JSON.stringify(claims)),
  }
}

interface TokenRequest {
  state: OidcState
  origin: string
  tenant: string | undefined
  app: DevOidcApp
  form: URLSearchParams
}

/** `/token` (RFC 6749 4.1.3 and 6, and RFC 7523 2.1). */
export function token(request: TokenRequest): Response {
  const type = request.form.get('grant_type')
  if (type === 'authorization_code') return byCode(request)
  if (type === 'refresh_token') return byRefreshToken(request)
  if (type === jwtBearer && request.state.onBehalfOf) return onBehalfOf(request)
  return refusal({ error: 'unsupported_grant_type' })
}

function byCode(request: TokenRequest): Response {
  const { state, origin, app, form } = request
  const code = form.get('code') ?? ''
  const pending = state.codes.get(code)
  if (!pending || pending.app !== app.clientId || state.clock.now() >= pending.expires) {
    return faulty(state, 'code')
  }
  if (pending.redirect_uri !== form.get('redirect_uri')) return faulty(state, 'redirect_uri')
  if (!isVerified(pending, app, form.get('code_verifier') ?? '')) return faulty(state, 'code_verifier')
  const consent = consentAsked(request, pending)
  if (consent instanceof Response) return consent
  state.codes.delete(code)
  const session = opened(state, origin, consent, pending.refreshable ? fresh('refresh_') : undefined)
  const { nonce, auth_time } = pending
  const { refresh_token } = session
  return answer(state, origin, session, { refresh_token, nonce, auth_time, withIdToken: true })
}

function byRefreshToken(request: TokenRequest): Response {
  const { state, origin, app, form } = request
  // The newest: without rotation, several have the same.
  const session = state.sessions.findLast(
    (each) => each.app === app.clientId && each.refresh_token === form.get('refresh_token'),
  )
  if (!session?.refresh_token) return faulty(state, 'refresh_token')
  const consent = consentAsked(request, session)
  if (consent instanceof Response) return consent
  const stays = state.rotation === false
  const next = opened(state, origin, consent, stays ? session.refresh_token : fresh('refresh_'))
  if (state.rotation === undefined) state.sessions = state.sessions.filter((each) => each !== session)
  return answer(state, origin, next, {
    refresh_token: stays ? undefined : next.refresh_token,
    withIdToken: state.refreshIdToken !== false,
  })
}

/** The JWT bearer grant, as Entra has it. */
function onBehalfOf(request: TokenRequest): Response {
  const { state, origin, app, form } = request
  if (form.get('requested_token_use') !== 'on_behalf_of') return refusal({ error: 'invalid_request' })
  const session = state.sessions.find(
    (each) => each.app === app.clientId && each.access_token === form.get('assertion'),
  )
  const user = state.users.find(({ sub }) => sub === session?.sub)
  if (!session || !user || session.expires <= state.clock.now()) return faulty(state, 'assertion')
  const refused = refusedNow(request, session)
  if (refused) return refused
  const scopes = scopesIn(form)
  if (scopes.length === 0) return faulty(state, 'scope')
  const error = typeof state.onBehalfOf === 'function' ? state.onBehalfOf(scopes, user) : undefined
  if (error !== undefined) {
    return refusal({ error, error_description: 'AADSTS50000: this user cannot be acted for.' })
  }
  const isRefreshable = scopes.includes('offline_access')
  const consent = { ...session, scopes, granted: scopes }
  const next = opened(state, origin, consent, isRefreshable ? fresh('refresh_') : undefined)
  return answer(state, origin, next, {
    refresh_token: next.refresh_token,
    withIdToken: scopes.includes('openid'),
  })
}

/** What this access token is for, of what was granted. */
function consentAsked(request: TokenRequest, given: PendingLogin | Session): Consent | Response {
  const { state, form } = request
  const refused = refusedNow(request, given)
  if (refused) return refused
  const scopes = scopesIn(form)
  const resource = form.get('resource') ?? given.resource
  const { tokenScopes } = state
  if (!tokenScopes || scopes.length === 0) return { ...given, resource }
  if (!scopes.every((scope) => tokenScopes(scope, given.granted))) return faulty(state, 'scope')
  return { ...given, scopes, resource }
}

function refusedNow(
  { state, tenant, form }: TokenRequest,
  given: PendingLogin | Session,
): Response | undefined {
  const grant = grantOf(state, given)
  const parameters = Object.fromEntries(form)
  const found = state.refuses?.({ endpoint: 'token', parameters, tenant, user: grant?.user, grant })
  return found && refusal(found)
}

function scopesIn(form: URLSearchParams): string[] {
  return (form.get('scope') ?? '').split(' ').filter(Boolean)
}

function isVerified({ code_challenge }: PendingLogin, app: DevOidcApp, verifier: string): boolean {
  if (code_challenge === undefined) return app.clientSecret !== undefined || app.assertion !== undefined
  return createHash('sha256').update(verifier).digest('base64url') === code_challenge
}
