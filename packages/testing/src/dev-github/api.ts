import { covers } from './scopes.ts'
import { authorizationKey, basicCredentials, type KnownUser, type State } from './state.ts'
import type { IssuedToken } from './tokens.ts'

/** The part of GitHub's REST API that identity needs. `path` is without the `/api/v3` of an Enterprise host. */
export function api(state: State, request: Request, path: string, body: URLSearchParams): Response {
  if (!request.headers.get('user-agent')) {
    return message(403, 'Request forbidden by administrative rules. Please send a User-Agent header.')
  }
  const application = /^\/applications\/([^/]+)\/(token|grant)$/.exec(path)
  if (application) {
    const [, client_id = '', kind = ''] = application
    return applications(state, request, client_id, kind, body.get('access_token') ?? '')
  }
  if (request.method !== 'GET') return message(404, 'Not Found')

  const [scheme = '', presented = ''] = (request.headers.get('authorization') ?? '').split(' ')
  if (!presented) return message(401, 'Requires authentication')
  const token = /^(bearer|token)$/i.test(scheme) ? state.tokens.alive(presented) : undefined
  const user = state.users.find(({ id }) => id === token?.user)
  if (!token || !user) return message(401, 'Bad credentials')

  const response = asUser(path, user, token)
  response.headers.set('x-oauth-scopes', token.scopes.join(', '))
  response.headers.set('x-oauth-client-id', token.client_id)
  return response
}

function asUser(path: string, user: KnownUser, token: IssuedToken): Response {
  // GitHub Apps have permissions instead of scopes; this one has been given all it needs.
  const may = (scope: string) => token.access_token.startsWith('ghu_') || covers(token.scopes, scope)

  if (path === '/user') {
    return Response.json({
      ...summary(user),
      name: user.name ?? null,
      email: user.publicEmail ? (user.email ?? null) : null,
    })
  }
  if (path === '/user/emails') {
    if (!may('user:email')) return message(404, 'Not Found')
    const entry = { email: user.email, primary: true, verified: true, visibility: 'private' }
    return Response.json(user.email ? [entry] : [])
  }
  if (path === '/user/orgs') {
    if (!may('read:org')) return message(403, 'You need at least read:org scope or user scope.')
    const active = Object.entries(user.organizations ?? {}).filter(([, state]) => state === 'active')
    return Response.json(active.map(([login]) => ({ login })))
  }
  const organization = /^\/user\/memberships\/orgs\/([^/]+)$/.exec(path)?.[1]
  if (organization) return membership(user.organizations, organization, may('read:org'))
  const team = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/memberships\/([^/]+)$/.exec(path)
  if (team?.[3]?.toLowerCase() === user.login.toLowerCase()) {
    return membership(user.teams, `${team[1]}/${team[2]}`, may('read:org'))
  }
  return message(404, 'Not Found')
}

function membership(all: KnownUser['organizations'], asked: string, allowed: boolean): Response {
  if (!allowed) return message(403, 'You need at least read:org scope.')
  const found = Object.entries(all ?? {}).find(([name]) => name.toLowerCase() === asked.toLowerCase())
  if (!found) return message(404, 'Not Found')
  if (found[1] === 'restricted') {
    return message(403, 'The organization has enabled OAuth App access restrictions.')
  }
  return Response.json({ state: found[1], role: 'member', organization: { login: found[0] } })
}

/** What an app may ask and do about tokens, with its own credentials. */
function applications(
  state: State,
  request: Request,
  client_id: string,
  kind: string,
  presented: string,
): Response {
  const app = state.apps.find(({ clientId }) => clientId === client_id)
  const basic = basicCredentials(request)
  if (!app || basic?.id !== client_id) return message(404, 'Not Found')
  if (basic.secret !== app.clientSecret) return message(401, 'Bad credentials')
  const token = state.tokens.alive(presented)
  if (!token || token.client_id !== client_id) return message(404, 'Not Found')

  if (request.method === 'POST' && kind === 'token') {
    const user = state.users.find(({ id }) => id === token.user)
    return Response.json({
      scopes: token.scopes,
      token: presented,
      token_last_eight: presented.slice(-8),
      app: { client_id, name: app.name ?? client_id },
      created_at: new Date(token.created).toISOString(),
      expires_at: token.expires === undefined ? null : new Date(token.expires).toISOString(),
      user: user ? summary(user) : null,
    })
  }
  if (request.method !== 'DELETE') return message(404, 'Not Found')
  if (kind === 'token') {
    const ofUser = (each: IssuedToken) => each.client_id === client_id && each.user === token.user
    if (state.revocation !== 'none')
      state.tokens.end((each) => (state.revocation === 'user' ? ofUser(each) : each === token))
  } else {
    state.tokens.end((each) => each.client_id === client_id && each.user === token.user)
    state.authorizations.delete(authorizationKey(client_id, token.user))
  }
  return new Response(null, { status: 204 })
}

function summary({ id, login }: KnownUser) {
  return {
    id,
    login,
    type: 'User',
    avatar_url: `https://avatars.githubusercontent.com/u/${id}`,
    html_url: `https://github.com/${login}`,
  }
}

function message(status: number, text: string): Response {
  return Response.json({ message: text, status: String(status) }, { status })
}
