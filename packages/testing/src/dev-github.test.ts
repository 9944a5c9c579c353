import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { type DevGitHub, type DevGitHubOptions, devGitHub } from './dev-github.ts'
import { browser } from './driver/browser.ts'
import { signIn } from './driver/sign-in.ts'
import type { Listener } from './listen.ts'

const CALLBACK = 'http://127.0.0.1:9/callback/github'
const APPS = [
  { clientId: 'classic', clientSecret: 'classic-secret', callbackUrls: ['http://127.0.0.1/callback'] },
  { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
]

let clock = fakeClock()
let provider: DevGitHub
let listener: Listener

async function start(options: DevGitHubOptions = {}) {
  await listener?.close()
  clock = fakeClock()
  provider = devGitHub({ apps: APPS, clock, ...options })
  listener = await provider.listen()
}
beforeEach(() => start())
afterEach(() => listener.close())

function authorizationUrl(parameters: Record<string, string> = {}): URL {
  const url = new URL('/login/oauth/authorize', listener.url)
  const all = {
    client_id: 'classic',
    redirect_uri: CALLBACK,
    scope: 'read:user',
    state: 'xyz',
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return url
}

async function codeFor(parameters: Record<string, string> = {}, user = 'octocat'): Promise<string> {
  const callback = await signIn(browser(), authorizationUrl(parameters), { user })
  return callback.searchParams.get('code') ?? ''
}

async function token(parameters: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${listener.url}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept: 'application/json', ...headers },
    body: new URLSearchParams({ client_id: 'classic', client_secret: 'classic-secret', ...parameters }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function api(path: string, access_token: unknown, init: RequestInit = {}) {
  return fetch(`${listener.url}/api/v3${path}`, {
    headers: { authorization: `Bearer ${access_token}` },
    ...init,
  })
}

function asApp(clientId: string, secret: string, method: string, kind: string, access_token: unknown) {
  return fetch(`${listener.url}/applications/${clientId}/${kind}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ access_token }),
  })
}

describe('signing in', () => {
  it('shows the users, says that it is for development, and redirects with code and state', async () => {
    const page = await browser().open(authorizationUrl())
    expect(page.text).toContain('Development identity provider')
    expect(page.forms[0]?.buttons.map(({ value }) => value)).toEqual(['octocat', 'hubot', 'deny'])

    const callback = await signIn(browser(), authorizationUrl(), { user: 'octocat' })
    expect(callback.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback\/github\?code=\w{20}&state=xyz$/)
  })

  it('forwards a refusal', async () => {
    const callback = await signIn(browser(), authorizationUrl(), { approve: false })
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('state')).toBe('xyz')
  })

  it('escapes what it shows', async () => {
    await start({ users: [{ login: 'mallory', name: '<img src=x onerror=alert(1)>' }] })
    expect((await browser().open(authorizationUrl())).body).not.toContain('<img')
  })

  it('sends nobody to a URL that is not registered', async () => {
    for (const redirect_uri of [
      'https://evil.example/callback',
      'http://127.0.0.1/elsewhere',
      'http://127.0.0.1/callbacks',
    ]) {
      const back = await signIn(browser(), authorizationUrl({ redirect_uri }), {
        redirectUri: 'http://127.0.0.1/callback',
      })
      expect(back.searchParams.get('error')).toBe('redirect_uri_mismatch')
    }
  })

  it('knows no unknown app', async () => {
    expect((await browser().open(authorizationUrl({ client_id: 'nobody' }))).status).toBe(404)
  })

  it('takes S256 only', async () => {
    const back = await signIn(
      browser(),
      authorizationUrl({ code_challenge: 'x', code_challenge_method: 'plain' }),
    )
    expect(back.searchParams.get('error')).toBe('invalid_request')
  })

  it('asks again by default, and skips a known app, user and scope when told to', async () => {
    const pages = async (person: ReturnType<typeof browser>, url: URL) =>
      (await person.open(url, { until: ({ pathname }) => pathname.startsWith('/callback') })).forms.length

    const asked = browser()
    await signIn(asked, authorizationUrl())
    expect(await pages(asked, authorizationUrl())).toBe(1)

    await start({ skipAuthorized: true })
    const known = browser()
    await signIn(known, authorizationUrl())
    expect(await pages(known, authorizationUrl())).toBe(0)
    expect(await pages(known, authorizationUrl({ scope: 'repo' }))).toBe(1)
    expect(await pages(known, authorizationUrl({ prompt: 'select_account' }))).toBe(1)
    expect(await pages(browser(), authorizationUrl())).toBe(1)
    provider.revokeUser('octocat')
    expect(await pages(known, authorizationUrl())).toBe(1)
  })
})

describe('the token endpoint', () => {
  it('answers with a form unless asked for JSON', async () => {
    const body = new URLSearchParams({
      client_id: 'classic',
      client_secret: 'classic-secret',
      code: await codeFor(),
    })
    const response = await fetch(`${listener.url}/login/oauth/access_token`, { method: 'POST', body })
    expect(response.headers.get('content-type')).toContain('application/x-www-form-urlencoded')
    expect(new URLSearchParams(await response.text()).get('access_token')).toMatch(/^gho_\w{36}$/)
  })

  it('gives an OAuth app a token without expiry, its scopes normalised and separated by commas', async () => {
    const code = await codeFor({ scope: 'user user:email repo' })
    const { status, body } = await token({ code })
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^gho_/),
      token_type: 'bearer',
      scope: 'repo,user',
    })
  })

  it('gives a GitHub App expiring tokens without scopes, and rotates them', async () => {
    const app = { client_id: 'modern', client_secret: 'modern-secret' }
    const first = await token({ ...app, code: await codeFor({ client_id: 'modern' }) })
    expect(first.body).toMatchObject({ scope: '', expires_in: 28_800, refresh_token_expires_in: 15_897_600 })
    expect(first.body.access_token).toMatch(/^ghu_/)

    const refresh = { ...app, grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }
    const second = await token(refresh)
    expect(second.body.refresh_token).toMatch(/^ghr_/)
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token)
    expect((await api('/user', first.body.access_token)).status).toBe(401)
    expect((await api('/user', second.body.access_token)).status).toBe(200)
    expect((await token(refresh)).body.error).toBe('bad_refresh_token')
  })

  it('refuses with status 200 and an error', async () => {
    const refused = async (parameters: Record<string, string>) => {
      const { status, body } = await token(parameters)
      expect(status).toBe(200)
      return body.error
    }
    expect(await refused({ code: 'made-up' })).toBe('bad_verification_code')
    expect(await refused({ code: await codeFor(), client_secret: 'wrong' })).toBe(
      'incorrect_client_credentials',
    )
    expect(await refused({ code: await codeFor(), redirect_uri: 'http://127.0.0.1/callback' })).toBe(
      'redirect_uri_mismatch',
    )
    expect(await refused({ grant_type: 'refresh_token', refresh_token: 'made-up' })).toBe('bad_refresh_token')
    expect(await refused({ grant_type: 'password' })).toBe('unsupported_grant_type')
  })

  it('knows no unknown client', async () => {
    expect(await token({ client_id: 'nobody' })).toEqual({ status: 404, body: { error: 'Not Found' } })
  })

  it('takes Basic as well', async () => {
    const basic = (secret: string) => ({ authorization: `Basic ${btoa(`classic:${secret}`)}` })
    const code = await codeFor()
    expect((await token({ code }, basic('wrong'))).body.error).toBe('incorrect_client_credentials')
    expect((await token({ code }, basic('classic-secret'))).body.access_token).toMatch(/^gho_/)
  })

  it('redeems a code once, by its own app, within ten minutes', async () => {
    const code = await codeFor()
    expect((await token({ code, client_id: 'modern', client_secret: 'modern-secret' })).body.error).toBe(
      'bad_verification_code',
    )
    expect((await token({ code })).body.access_token).toBeDefined()
    expect((await token({ code })).body.error).toBe('bad_verification_code')

    const late = await codeFor()
    clock.advance(600)
    expect((await token({ code: late })).body.error).toBe('bad_verification_code')
  })

  it('verifies PKCE', async () => {
    const code_verifier = 'v'.repeat(43)
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url')
    const code = await codeFor({ code_challenge, code_challenge_method: 'S256' })
    expect((await token({ code })).body.error).toBe('bad_verification_code')
    expect((await token({ code, code_verifier: 'w'.repeat(43) })).body.error).toBe('bad_verification_code')
    expect((await token({ code, code_verifier })).body.access_token).toBeDefined()
  })
})

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

describe('as other providers are', () => {
  const works = async (issued: { access_token: string }) => (await api('/user', issued.access_token)).ok
  const three = () => [
    provider.issue('octocat', { clientId: 'modern' }),
    provider.issue('octocat', { clientId: 'modern' }),
    provider.issue('hubot', { clientId: 'modern' }),
  ]
  const alive = async (all: readonly { access_token: string }[]) => Promise.all(all.map(works))

  it('ends the sign-in before, or none ever', async () => {
    await start({ tokensPerUser: 1 })
    expect(await alive(three())).toEqual([false, true, true])
    await start({ tokensPerUser: Number.POSITIVE_INFINITY })
    const first = provider.issue('octocat')
    for (let nth = 1; nth <= 20; nth++) provider.issue('octocat')
    expect(await works(first)).toBe(true)
  })

  it.each([
    ['token', [false, true, true]],
    ['user', [false, false, true]],
    ['none', [true, true, true]],
  ] as const)('ends with a token: %s', async (revocation, left) => {
    await start({ revocation })
    const all = three()
    expect((await asApp('modern', 'modern-secret', 'DELETE', 'token', all[0]?.access_token)).status).toBe(204)
    expect(await alive(all)).toEqual(left)
  })
})

describe('controls', () => {
  it('records what was asked', async () => {
    await token({ code: 'made-up' }, { authorization: 'Basic eDp5' })
    expect(provider.requests.at(-1)).toEqual({
      method: 'POST',
      path: '/login/oauth/access_token',
      parameters: { client_id: 'classic', client_secret: 'classic-secret', code: 'made-up' },
      authorization: 'Basic eDp5',
    })
  })

  it('expires tokens, by command and by time', async () => {
    const app = { client_id: 'modern', client_secret: 'modern-secret', grant_type: 'refresh_token' }
    const issued = provider.issue('octocat', { clientId: 'modern' })
    provider.expireTokens()
    expect((await api('/user', issued.access_token)).status).toBe(401)
    const refreshed = await token({ ...app, refresh_token: issued.refresh_token ?? '' })
    expect((await api('/user', refreshed.body.access_token)).status).toBe(200)
    clock.advance(28_800)
    expect((await api('/user', refreshed.body.access_token)).status).toBe(401)
    clock.advance(15_897_600)
    expect((await token({ ...app, refresh_token: String(refreshed.body.refresh_token) })).body.error).toBe(
      'bad_refresh_token',
    )
  })

  it('follows a renamed user', async () => {
    const { access_token } = provider.issue('octocat')
    const [user] = provider.users
    if (user) user.login = 'mona'
    expect(await (await api('/user', access_token)).json()).toMatchObject({ id: 1001, login: 'mona' })
  })

  it('breaks in several ways, and recovers', async () => {
    const { access_token } = provider.issue('octocat')
    provider.outage('503')
    expect((await api('/user', access_token)).status).toBe(503)
    provider.outage('rate-limit')
    expect((await api('/user', access_token)).headers.get('x-ratelimit-remaining')).toBe('0')
    provider.outage('reset')
    await expect(api('/user', access_token)).rejects.toThrow('fetch failed')
    provider.outage('hang')
    await expect(api('/user', access_token, { signal: AbortSignal.timeout(30) })).rejects.toThrow(/timeout/i)
    const hanging = api('/user', access_token)
    const settled = expect(hanging).rejects.toThrow('fetch failed')
    await expect.poll(() => provider.requests.length).toBe(5)
    provider.outage('none')
    await settled
    expect((await api('/user', access_token)).status).toBe(200)
  })

  it('can break one half only', async () => {
    provider.outage('503', 'oauth')
    expect((await api('/user', provider.issue('octocat').access_token)).status).toBe(200)
    expect((await browser().open(authorizationUrl())).status).toBe(503)
  })
})
