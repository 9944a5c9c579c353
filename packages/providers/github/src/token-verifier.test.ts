import { type DevGitHub, devGitHub, fakeClock, type Listener } from '@drawbridge/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GitHubTokenVerifierOptions, githubTokenVerifier } from './index.ts'

const RESOURCE = { resource: 'https://mcp.acme.dev/mcp' }
const APPS = [
  { clientId: 'dev-client', clientSecret: 'dev-secret' },
  { clientId: 'other', clientSecret: 'other-secret' },
  { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
]

let clock = fakeClock()
let dev: DevGitHub
let listener: Listener
beforeEach(async () => {
  clock = fakeClock()
  dev = devGitHub({ apps: APPS, clock })
  listener = await dev.listen()
})
afterEach(() => listener.close())

function verifier(options: GitHubTokenVerifierOptions = {}) {
  const subject = githubTokenVerifier({
    clientId: 'dev-client',
    clientSecret: 'dev-secret',
    host: listener.url,
    clock,
    ...options,
  })
  return (token: string) => subject.verify(token, RESOURCE)
}

describe('githubTokenVerifier', () => {
  it('accepts a token of this app', async () => {
    const { access_token } = dev.issue('octocat', { scopes: ['user'] })
    expect(await verifier()(access_token)).toEqual({
      status: 'valid',
      token: {
        subject: 'github|1001',
        clientId: 'dev-client',
        scopes: ['user', 'read:user', 'user:email', 'user:follow'],
        expiresAt: clock.now() / 1000 + 300,
        issuer: listener.url,
        user: expect.objectContaining({ id: 1001, login: 'octocat', email: 'mona@example.com' }),
      },
    })
  })

  it("refuses another app's token, although GitHub itself would take it", async () => {
    const { access_token } = dev.issue('octocat', { clientId: 'other' })
    const headers = { authorization: `Bearer ${access_token}` }
    expect((await fetch(`${listener.url}/user`, { headers })).status).toBe(200)
    expect(await verifier()(access_token)).toMatchObject({ status: 'invalid' })
    expect(dev.requests.filter(({ path }) => path.endsWith('/user'))).toHaveLength(1)
  })

  it('refuses an answer about another app', async () => {
    const body = { app: { client_id: 'other' }, user: { id: 1 }, scopes: [], expires_at: null }
    const check = verifier({ fetch: async () => Response.json(body) })
    expect(await check('gho_x')).toEqual({ status: 'invalid', reason: 'of another app' })
  })

  it('leaves foreign tokens to the next verifier, without asking GitHub', async () => {
    expect(await verifier()('eyJhbGciOiJFUzI1NiJ9.e30.x')).toEqual({ status: 'not-mine' })
    expect(await verifier()('')).toEqual({ status: 'not-mine' })
    expect(dev.requests).toEqual([])
  })

  it("passes nobody's personal token on, neither to GitHub nor to another verifier", async () => {
    for (const token of ['ghp_x', 'github_pat_x', 'ghs_x', 'ghr_x']) {
      expect(await verifier()(token), token).toMatchObject({ status: 'invalid' })
    }
    expect(dev.requests).toEqual([])
  })

  it('refuses a dead token', async () => {
    const { access_token } = dev.issue('octocat')
    dev.revokeUser('octocat')
    expect(await verifier()(access_token)).toMatchObject({ status: 'invalid' })
  })

  it('applies the rules of the provider', async () => {
    const check = verifier({ allow: { organizations: ['acme'] } })
    const scopes = ['read:org']
    expect(await check(dev.issue('octocat', { scopes }).access_token)).toMatchObject({ status: 'valid' })
    expect(await check(dev.issue('hubot', { scopes }).access_token)).toMatchObject({
      status: 'invalid',
      reason: expect.stringContaining('hubot has no access'),
    })
  })

  it("believes a GitHub App's token until it expires", async () => {
    const options = { clientId: 'modern', clientSecret: 'modern-secret', appScopes: ['files:read'] }
    const { access_token } = dev.issue('octocat', { clientId: 'modern' })
    clock.advance(28_800 - 100)
    const check = verifier(options)
    expect(await check(access_token)).toMatchObject({
      token: { scopes: ['files:read'], expiresAt: clock.now() / 1000 + 100 },
    })
    clock.advance(100)
    expect(await check(access_token)).toMatchObject({ status: 'invalid' })
  })

  it('is unavailable, never invalid, while GitHub is', async () => {
    const { access_token } = dev.issue('octocat')
    const check = verifier({ timeout: 0.05, allow: { organizations: ['acme'] } })
    for (const mode of ['503', 'rate-limit', 'reset', 'hang'] as const) {
      dev.outage(mode)
      expect(await check(access_token), mode).toMatchObject({ status: 'unavailable' })
    }
    dev.outage('none')
    const wrong = verifier({ clientSecret: 'wrong' })
    expect(await wrong(access_token)).toMatchObject({ status: 'unavailable' })
    const blocked = verifier({ fetch: async () => new Response('<h1>Blocked</h1>', { status: 404 }) })
    expect(await blocked(access_token)).toMatchObject({ status: 'unavailable' })
    expect(await verifier()(access_token)).toMatchObject({ status: 'valid' })
  })

  it('never repeats the token', async () => {
    const { access_token } = dev.issue('octocat')
    for (const mode of ['503', 'reset'] as const) {
      dev.outage(mode)
      expect(JSON.stringify(await verifier()(access_token))).not.toContain(access_token)
    }
  })
})

describe('what it remembers', () => {
  const checks = () => dev.requests.filter(({ path }) => path.includes('/applications/')).length

  it('is asked once per lifetime, also by many requests at once', async () => {
    const { access_token } = dev.issue('octocat')
    const check = verifier({ lifetime: 60 })
    const results = await Promise.all(Array.from({ length: 5 }, () => check(access_token)))
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['valid']))
    clock.advance(59)
    await check(access_token)
    expect(checks()).toBe(1)
    dev.revokeUser('octocat')
    clock.advance(1)
    expect(await check(access_token)).toMatchObject({ status: 'invalid' })
  })

  it('is no failure', async () => {
    const { access_token } = dev.issue('octocat')
    const check = verifier()
    dev.outage('503')
    await check(access_token)
    dev.outage('none')
    expect(await check(access_token)).toMatchObject({ status: 'valid' })
  })

  it('is bounded', async () => {
    const check = verifier({ cacheSize: 2 })
    const [first = '', ...others] = [1, 2, 3].map(() => dev.issue('octocat').access_token)
    for (const token of [first, ...others]) await check(token)
    await check(others[1] ?? '')
    expect(checks()).toBe(3)
    await check(first)
    expect(checks()).toBe(4)
  })

  it('cannot be changed by who is told', async () => {
    const { access_token } = dev.issue('octocat')
    const check = verifier()
    const first = await check(access_token)
    if (first.status !== 'valid') throw new Error(first.status)
    first.token.scopes.push('admin')
    first.token.user.login = 'mallory'
    const second = await check(access_token)
    expect(second).toMatchObject({ token: { scopes: ['read:user'], user: { login: 'octocat' } } })
    if (second.status === 'valid') second.token.user.login = 'mallory'
    expect(await check(access_token)).toMatchObject({ token: { user: { login: 'octocat' } } })
  })

  it('lasts for some time', () => {
    expect(() => verifier({ lifetime: 0 })).toThrow(/lifetime: is 0/)
    expect(() => verifier({ timeout: -1 })).toThrow(/timeout: is -1/)
  })
})
