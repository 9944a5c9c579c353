import { errorPage, signInPage } from '../dev-github/pages.ts'
import { randomToken } from '../dev-github/tokens.ts'
import { type BrowserSession, beginSession, sessionOf } from './browser-session.ts'
import { type OidcState, signedIn } from './state.ts'
import type { DevOidcApp, DevOidcUser } from './switches.ts'

/** Milliseconds. */
const CODE_LIFETIME = 600_000

/** `/authorize` (OpenID Connect Core 3.1.2): GET shows the sign-in page, POST is its form. */
export function authorize(
  state: OidcState,
  request: Request,
  form: URLSearchParams,
  tenant: string | undefined,
): Response {
  const query = new URL(request.url).searchParams
  const app = state.apps.find(({ clientId }) => clientId === query.get('client_id'))
  const redirect_uri = query.get('redirect_uri') ?? ''
  if (!app || !URL.canParse(redirect_uri) || app.redirectUris?.includes(redirect_uri) === false) {
    return errorPage(400, 'Unknown app', 'Or it sent no redirect_uri that is its own.')
  }
  const back = (parameters: Record<string, string>, headers: Record<string, string> = {}) => {
    const all = { ...parameters, state: query.get('state') ?? '' }
    if (query.get('response_mode') === 'form_post') return formPost(redirect_uri, all, headers)
    const url = new URL(redirect_uri)
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    return new Response(null, { status: 302, headers: { ...headers, location: url.href } })
  }
  if (query.get('response_type') !== 'code') return back({ error: 'unsupported_response_type' })
  if (state.pkce === false && query.has('code_challenge')) return back({ error: 'invalid_request' })
  const { name, separator } = state.scopeParameter ?? { name: 'scope', separator: ' ' }
  const scopes = (query.get(name) ?? '').split(separator).filter(Boolean)
  const parameters = Object.fromEntries(query)
  const refused = (user?: DevOidcUser) => {
    const found = state.refuses?.({ endpoint: 'authorization', parameters, tenant, user, grant: undefined })
    if (!found) return undefined
    const { status, error, error_description = '' } = found
    return status ? errorPage(status, error, error_description) : back({ error, error_description })
  }
  const letIn = (user: DevOidcUser, before?: BrowserSession): Response => {
    const no = refused(user)
    if (no) return no
    const { 'set-cookie': cookie, ...session } = before
      ? { ...before, 'set-cookie': undefined }
      : beginSession(state, user)
    state.approved.add(`${app.clientId}/${user.sub}`)
    const { first, refreshable } = signedIn(state, app, user, {
      consent: query.get('prompt') === 'consent',
      refresh: state.refreshAsked?.(parameters) ?? true,
    })
    const code = randomToken('code_', 20)
    state.codes.set(code, {
      app: app.clientId,
      sub: user.sub,
      scopes,
      granted: scopes,
      resource: query.get('resource') ?? undefined,
      redirect_uri,
      nonce: query.get('nonce') ?? undefined,
      auth_time: state.authTime || query.has('max_age') ? session.auth_time : undefined,
      code_challenge: query.get('code_challenge') ?? undefined,
      refreshable,
      expires: state.clock.now() + CODE_LIFETIME,
    })
    return back(
      { code, ...state.callback?.(user, first) },
      cookie === undefined ? {} : { 'set-cookie': cookie },
    )
  }

  if (request.method !== 'POST') {
    const no = refused()
    if (no) return no
    if (query.get('prompt') === 'none') {
      const known = silently(state, app, request)
      return typeof known === 'string' ? back({ error: known }) : letIn(known.user, known.session)
    }
    const people = state.users.map((user) => ({ login: user.sub, name: user.name }))
    return signInPage(app.clientId, scopes, people)
  }
  if (form.get('decision') === 'deny') return back({ error: 'access_denied' })
  const user = state.users.find(({ sub }) => sub === form.get('login'))
  return user ? letIn(user) : errorPage(422, 'Who is that?', 'No such user is configured.')
}

/** Who gets in without being asked anything, or why nobody does (OpenID Connect Core 3.1.2.6). */
function silently(
  state: OidcState,
  { clientId }: DevOidcApp,
  request: Request,
): { user: DevOidcUser; session: BrowserSession } | 'login_required' | 'consent_required' {
  const session = sessionOf(state, request)
  const user = state.users.find(({ sub }) => sub === session?.sub)
  const max_age = new URL(request.url).searchParams.get('max_age')
  if (!session || !user) return 'login_required'
  const age = state.clock.now() / 1000 - session.auth_time
  if (max_age !== null && age > Number(max_age)) return 'login_required'
  return state.approved.has(`${clientId}/${user.sub}`) ? { user, session } : 'consent_required'
}

/** OAuth 2.0 Form Post Response Mode; the button stands for the script. */
function formPost(
  action: string,
  parameters: Record<string, string>,
  headers: Record<string, string>,
): Response {
  const fields = Object.entries(parameters).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  const html = `<!doctype html><title>Continue</title>
<form method="post" action="${escaped(action)}">${fields.join('')}<button>Continue</button></form>`
  return new Response(html, { headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } })
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
