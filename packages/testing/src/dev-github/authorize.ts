import { errorPage, signInPage } from './pages.ts'
import { normalise } from './scopes.ts'
import { authorizationKey, type DevGitHubApp, type State } from './state.ts'
import { randomToken } from './tokens.ts'

const SESSION_COOKIE = 'dev_github_session'
/** GitHub's codes live ten minutes. */
const CODE_LIFETIME = 600_000

/** `/login/oauth/authorize`: GET shows the sign-in page or goes straight through, POST is its form. */
export function authorize(state: State, request: Request, form: URLSearchParams): Response {
  const query = new URL(request.url).searchParams
  const app = state.apps.find(({ clientId }) => clientId === query.get('client_id'))
  if (!app) return errorPage(404, 'Not found', 'No app is registered with this client_id.')

  const redirect_uri = query.get('redirect_uri') ?? app.callbackUrls?.[0]
  if (!redirect_uri || !URL.canParse(redirect_uri)) {
    return errorPage(400, 'No callback URL', 'Send a redirect_uri, or register a callback URL for this app.')
  }
  const back = (target: string, parameters: Record<string, string>, headers?: HeadersInit) =>
    redirect(target, { ...parameters, state: query.get('state') }, headers)

  if (app.callbackUrls && !app.callbackUrls.some((registered) => callbackMatches(registered, redirect_uri))) {
    return back(app.callbackUrls[0] ?? redirect_uri, {
      error: 'redirect_uri_mismatch',
      error_description: 'The redirect_uri is not one of the callback URLs of this app.',
    })
  }
  if (query.has('code_challenge') && query.get('code_challenge_method') !== 'S256') {
    return back(redirect_uri, {
      error: 'invalid_request',
      error_description: 'code_challenge_method must be S256.',
    })
  }

  const scopes = normalise(query.get('scope') ?? '')
  const complete = (user: number, headers?: HeadersInit) => {
    const key = authorizationKey(app.clientId, user)
    const approved = state.authorizations.get(key) ?? new Set()
    for (const scope of scopes) approved.add(scope)
    state.authorizations.set(key, approved)
    const code = randomToken('', 20)
    state.codes.set(code, {
      client_id: app.clientId,
      redirect_uri: query.get('redirect_uri') ?? undefined,
      user,
      // A request without scopes gets whatever this user has approved for this app before.
      scopes: scopes.length > 0 ? scopes : normalise([...approved].join(' ')),
      code_challenge: query.get('code_challenge') ?? undefined,
      expires: state.clock.now() + CODE_LIFETIME,
    })
    return back(redirect_uri, { code }, headers)
  }

  if (request.method === 'POST') {
    if (form.get('decision') === 'deny') {
      return back(redirect_uri, {
        error: 'access_denied',
        error_description: 'The user has denied your application access.',
      })
    }
    const user = state.users.find(({ login }) => login === form.get('login'))
    if (!user) return errorPage(422, 'Who is that?', 'No such user is configured.')
    const session = randomToken('', 32)
    state.sessions.set(session, user.id)
    return complete(user.id, { 'set-cookie': `${SESSION_COOKIE}=${session}; Path=/; HttpOnly; SameSite=Lax` })
  }

  const signedIn =
    state.skipAuthorized && query.get('prompt') !== 'select_account' && sessionUser(state, request)
  if (signedIn && approvedBefore(state, app, signedIn, scopes)) return complete(signedIn)
  return signInPage(app.name ?? app.clientId, app.mode === 'github-app' ? [] : scopes, state.users)
}

function sessionUser(state: State, request: Request): number | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/)
  const found = cookies.find((cookie) => cookie.startsWith(`${SESSION_COOKIE}=`))
  return found ? state.sessions.get(found.slice(SESSION_COOKIE.length + 1)) : undefined
}

function approvedBefore(state: State, app: DevGitHubApp, user: number, scopes: readonly string[]): boolean {
  const approved = state.authorizations.get(authorizationKey(app.clientId, user))
  return approved !== undefined && scopes.every((scope) => approved.has(scope))
}

/** GitHub's rule: same host and port (any port on the loopback interface), and the registered path or one below it. */
function callbackMatches(registered: string, redirect_uri: string): boolean {
  const [ours, asked] = [new URL(registered), new URL(redirect_uri)]
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(ours.hostname)
  return (
    ours.protocol === asked.protocol &&
    ours.hostname === asked.hostname &&
    (loopback || ours.port === asked.port) &&
    (asked.pathname === ours.pathname || asked.pathname.startsWith(ours.pathname.replace(/\/?$/, '/')))
  )
}

function redirect(
  target: string,
  parameters: Record<string, string | null>,
  headers?: HeadersInit,
): Response {
  const url = new URL(target)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.set(name, value)
  }
  return new Response(null, { status: 302, headers: { ...headers, location: url.href } })
}
