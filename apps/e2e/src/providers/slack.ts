import { AccessDenied, member, type OAuthProvider } from '@drawbridge/core/provider'

/** No OpenID: who it is stands in the answer of the token endpoint, where the token is in a member of its own. */
export const slack = (origin: string): OAuthProvider<{ team: unknown }> => ({
  type: 'oauth',
  id: 'slack',
  label: 'Slack',
  client: { id: 'dev-client', auth: { method: 'client_secret_basic', secret: 'dev-secret' } },
  endpoints: { authorization: `${origin}/authorize`, token: `${origin}/token` },
  pkce: false,
  scopes: { default: ['users:read'], supported: ['chat:write'], parameter: 'user_scope', separator: ',' },
  tokens: 'per-login',
  revocation: 'token',
  async conform(response) {
    const body: unknown = await response.clone().json()
    const user = member(body, 'authed_user')
    if (typeof user !== 'object' || user === null) return response
    const { access_token, scope, ...authed_user } = user as Record<string, unknown>
    const scopes = String(scope).replaceAll(',', ' ')
    return Response.json({ ...Object(body), access_token, token_type: 'bearer', scope: scopes, authed_user })
  },
  async identify({ answer }) {
    const id = member(answer.authed_user, 'id')
    const team = member(answer.team, 'id')
    if (typeof id !== 'string' || typeof team !== 'string') throw new Error('Slack said nobody')
    if (team !== 'T1') throw new AccessDenied('This workspace has no access here.')
    return { sub: `${team}.${id}`, claims: { team } }
  },
  async revoke({ tokens, post }) {
    const response = await post(`${origin}/revoke`, { token: tokens.access_token })
    if (!response.ok) throw new Error(`Slack answered ${response.status}`)
  },
})
