import { describe, expect, it } from 'vitest'
import { api, asApp, listener, provider, start } from '../dev-github.fixture.ts'

describe('the API', () => {
  it('tells who a token belongs to, and its scopes', async () => {
    const { access_token } = provider.issue('octocat', { scopes: ['user', 'repo'] })
    const response = await api('/user', access_token)
    expect(response.headers.get('x-oauth-scopes')).toBe('repo, user')
    expect(await response.json()).toMatchObject({
      id: 1001,
      login: 'octocat',
      name: 'Mona Lisa',
      email: null,
    })
  })

  it('wants a User-Agent', async () => {
    const headers = { authorization: `Bearer ${provider.issue('octocat').access_token}` }
    const response = await provider.fetch(new Request('https://github.test/api/v3/user', { headers }))
    expect(response.status).toBe(403)
  })

  it('refuses without a token, and with one that ended', async () => {
    expect((await fetch(`${listener.url}/user`)).status).toBe(401)
    const { access_token } = provider.issue('octocat')
    provider.revokeUser('octocat')
    const response = await api('/user', access_token)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ message: 'Bad credentials' })
  })

  it('shows addresses and memberships only with the scope', async () => {
    const narrow = provider.issue('octocat').access_token
    const wide = provider.issue('octocat', { scopes: ['user:email', 'read:org'] }).access_token
    expect((await api('/user/emails', narrow)).status).toBe(404)
    expect(await (await api('/user/emails', wide)).json()).toMatchObject([
      { email: 'mona@example.com', primary: true },
    ])
    expect((await api('/user/orgs', narrow)).status).toBe(403)
    expect(await (await api('/user/orgs', wide)).json()).toEqual([{ login: 'acme' }])
    expect((await api('/user/memberships/orgs/acme', narrow)).status).toBe(403)
    expect(await (await api('/user/memberships/orgs/ACME', wide)).json()).toMatchObject({ state: 'active' })
    expect((await api('/user/memberships/orgs/other', wide)).status).toBe(404)
  })

  it('knows teams, invitations and organizations that have not approved the app', async () => {
    const organizations = { acme: 'pending', closed: 'restricted' } as const
    await start({ users: [{ login: 'octocat', organizations, teams: { 'acme/core': 'active' } }] })
    const { access_token } = provider.issue('octocat', { scopes: ['read:org'] })
    expect(await (await api('/user/memberships/orgs/acme', access_token)).json()).toMatchObject({
      state: 'pending',
    })
    expect((await api('/user/memberships/orgs/closed', access_token)).status).toBe(403)
    const team = '/orgs/acme/teams/core/memberships/octocat'
    expect(await (await api(team, access_token)).json()).toMatchObject({ state: 'active' })
    expect((await api('/orgs/acme/teams/core/memberships/somebody', access_token)).status).toBe(404)
  })

  it('lets an app check and end its own tokens, and no others', async () => {
    const { access_token } = provider.issue('octocat', { clientId: 'classic' })
    const check = await asApp('classic', 'classic-secret', 'POST', 'token', access_token)
    expect(await check.json()).toMatchObject({
      app: { client_id: 'classic' },
      user: { login: 'octocat' },
      scopes: ['read:user'],
      expires_at: null,
    })
    expect((await asApp('modern', 'modern-secret', 'POST', 'token', access_token)).status).toBe(404)
    expect((await asApp('modern', 'modern-secret', 'DELETE', 'token', access_token)).status).toBe(404)
    expect((await asApp('classic', 'wrong', 'DELETE', 'token', access_token)).status).toBe(401)
    expect((await api('/user', access_token)).status).toBe(200)

    const kept = provider.issue('octocat', { clientId: 'classic' }).access_token
    expect((await asApp('classic', 'classic-secret', 'DELETE', 'token', access_token)).status).toBe(204)
    expect((await api('/user', access_token)).status).toBe(401)
    expect((await api('/user', kept)).status).toBe(200)
    expect((await asApp('classic', 'classic-secret', 'DELETE', 'grant', kept)).status).toBe(204)
    expect((await api('/user', kept)).status).toBe(401)
  })

  it('ends the oldest of more than ten tokens of one user, app and scope', async () => {
    const first = provider.issue('octocat').access_token
    const otherScope = provider.issue('octocat', { scopes: ['repo'] }).access_token
    const otherUser = provider.issue('hubot').access_token
    for (let count = 2; count <= 10; count++) provider.issue('octocat')
    expect((await api('/user', first)).status).toBe(200)
    provider.issue('octocat')
    expect((await api('/user', first)).status).toBe(401)
    expect((await api('/user', otherScope)).status).toBe(200)
    expect((await api('/user', otherUser)).status).toBe(200)
  })
})
