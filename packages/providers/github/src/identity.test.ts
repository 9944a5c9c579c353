import { AccessDenied, type Call, type UpstreamTokens } from '@drawbridge/core/provider'
import { type DevGitHub, devGitHub, type Listener, providerCall } from '@drawbridge/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { APPS, CREDENTIALS, endpoints, USERS } from './github.fixture.ts'
import { type GitHubOptions, type GitHubUser, github } from './index.ts'

function asked(tokens: UpstreamTokens, call: Call) {
  const post = () => Promise.reject(new Error('It needs no further token.'))
  return { tokens, answer: {}, callback: {}, endpoints, call, post }
}

describe('identify', () => {
  let dev: DevGitHub
  let listener: Listener
  const call: Call = providerCall()
  beforeEach(async () => {
    dev = devGitHub({ apps: APPS, users: USERS })
    listener = await dev.listen()
  })
  afterEach(() => listener.close())

  function identified(
    login: string,
    options: GitHubOptions = {},
    scopes = ['user', 'read:org'],
    clientId?: string,
  ) {
    const provider = github({ ...CREDENTIALS, host: listener.url, ...options })
    const { access_token } = dev.issue(login, { scopes, clientId: clientId ?? 'dev-client' })
    const tokens = { access_token, token_type: 'bearer', scopes }
    return { tokens, provider, identity: () => provider.identify(asked(tokens, call)) }
  }
  const enters = (login: string, allow: GitHubOptions['allow'], scopes?: string[]) =>
    identified(login, { allow }, scopes).identity()

  it('reports the numeric id as sub, and the profile', async () => {
    const { sub, claims } = await identified('octocat', {}, ['read:user']).identity()
    expect(sub).toBe('1001')
    expect(claims).toEqual({
      id: 1001,
      login: 'octocat',
      name: null,
      email: null,
      avatar_url: 'https://avatars.githubusercontent.com/u/1001',
      html_url: 'https://github.com/octocat',
    })
  })

  it('keeps the sub of a renamed account', async () => {
    const { identity } = identified('octocat')
    const before = await identity()
    const [octocat] = dev.users
    if (octocat) octocat.login = 'mona'
    const after = await identity()
    expect(after.sub).toBe(before.sub)
    expect(after.claims.login).toBe('mona')
  })

  it('reads the verified address with user:email, and lives without it', async () => {
    const scopes = ['user:email']
    expect((await identified('octocat', {}, scopes).identity()).claims.email).toBe('mona@example.com')
    expect((await identified('hubot', {}, scopes).identity()).claims.email).toBeNull()
    const { tokens, provider } = identified('octocat', {}, ['read:user'])
    const { claims } = await provider.identify(asked({ ...tokens, scopes }, call))
    expect(claims.email).toBeNull()
  })

  it('lets anybody in without rules', async () => {
    await expect(enters('hubot', undefined)).resolves.toBeDefined()
  })

  it('lets in who matches any rule', async () => {
    const [, , hubot] = dev.users
    if (hubot) hubot.teams = { 'acme/core': 'active' }
    await expect(enters('octocat', { organizations: ['nobody', 'ACME'] })).resolves.toBeDefined()
    await expect(enters('hubot', { organizations: ['acme'], teams: ['acme/core'] })).resolves.toBeDefined()
    await expect(enters('hubot', { users: ['HUBOT'] })).resolves.toBeDefined()
    await expect(enters('hubot', { users: [1003], organizations: ['acme'] })).resolves.toBeDefined()
  })

  it('refuses everybody else, and says why it helps to know', async () => {
    const [octocat, monalisa, hubot] = dev.users
    await expect(enters('hubot', { organizations: ['acme'] })).rejects.toThrow(AccessDenied)
    await expect(enters('hubot', { organizations: ['acme'] })).rejects.toThrow(/hubot has no access here/)
    await expect(enters('hubot', { teams: ['acme/core'] })).rejects.toThrow(AccessDenied)
    await expect(enters('hubot', { users: ['octocat', 1001] })).rejects.toThrow(AccessDenied)
    if (octocat) octocat.organizations = { acme: 'pending' }
    await expect(enters('octocat', { organizations: ['acme'] })).rejects.toThrow(
      /accept your invitation to acme/,
    )
    if (monalisa) monalisa.organizations = { acme: 'restricted' }
    await expect(enters('monalisa', { organizations: ['acme'] })).rejects.toThrow(
      /An owner there can approve/,
    )
    if (hubot) hubot.teams = { 'acme/core': 'pending' }
    await expect(enters('hubot', { teams: ['acme/core'] })).rejects.toThrow(AccessDenied)
  })

  describe('permit', () => {
    it('is asked after the rules, and knows the address', async () => {
      const asked: (string | null)[] = []
      const permit = ({ email }: GitHubUser) => asked.push(email) > 0
      const allow = { organizations: ['acme'] }
      await expect(identified('hubot', { allow, permit }).identity()).rejects.toThrow(AccessDenied)
      expect(asked).toEqual([])
      await identified('octocat', { allow, permit }, ['user:email', 'read:org']).identity()
      expect(asked).toEqual(['mona@example.com'])
    })

    it('refuses, and may say why', async () => {
      await expect(identified('octocat', { permit: async () => false }).identity()).rejects.toThrow(
        /octocat has no access here/,
      )
      const closed = () => {
        throw new AccessDenied('We are closed on Sundays.')
      }
      await expect(identified('octocat', { permit: closed }).identity()).rejects.toThrow(/on Sundays/)
    })

    it('lets in only who is let in by `true`', async () => {
      for (const said of [undefined, null, 'no', 1]) {
        const permit = () => said as unknown as boolean
        await expect(identified('octocat', { permit }).identity()).rejects.toThrow(AccessDenied)
      }
    })
  })

  it('does not take an organization that withholds for the end of the list', async () => {
    const [octocat] = dev.users
    if (octocat) octocat.organizations = { closed: 'restricted', acme: 'active' }
    await expect(enters('octocat', { organizations: ['closed', 'acme'] })).resolves.toBeDefined()
  })

  it('refuses a token without the scope that would tell', async () => {
    await expect(enters('octocat', { organizations: ['acme'] }, ['read:user'])).rejects.toThrow(AccessDenied)
  })

  it('refuses when the user has ended the app at GitHub', async () => {
    const { identity } = identified('octocat')
    dev.revokeUser('octocat')
    await expect(identity()).rejects.toThrow(AccessDenied)
  })

  it('leaves an expired token to the refresh', async () => {
    const { tokens, provider } = identified('octocat', {}, [], 'modern')
    dev.expireTokens()
    const error = await provider.identify(asked({ ...tokens, expires_at: 1 }, call)).catch((e) => e)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(AccessDenied)
  })

  it('takes a rate limit for what it is', async () => {
    const { identity } = identified('octocat', { allow: { organizations: ['acme'] } })
    dev.outage('rate-limit')
    const error = await identity().catch((e) => e)
    expect(error.message).toBe('GitHub answered 403 unexpectedly: /api/v3/user')
    expect(error).not.toBeInstanceOf(AccessDenied)
  })

  it('does not take a rate limit of the membership for a refusal', async () => {
    const { provider, tokens } = identified('octocat', { allow: { organizations: ['acme'] } })
    const limited = (headers: HeadersInit, message: string): Call =>
      Object.assign(
        async (url: string, init?: RequestInit) =>
          url.includes('/memberships/')
            ? Response.json({ message }, { status: 403, headers })
            : call(url, init),
        { clock: call.clock },
      )
    for (const through of [
      limited({ 'x-ratelimit-remaining': '0' }, 'Forbidden'),
      limited({ 'retry-after': '30' }, 'Forbidden'),
      limited({}, 'You have exceeded a secondary rate limit.'),
    ]) {
      const error = await provider.identify(asked(tokens, through)).catch((e) => e)
      expect(error).toBeInstanceOf(Error)
      expect(error).not.toBeInstanceOf(AccessDenied)
    }
  })

  it('does not take a proxy in between for GitHub', async () => {
    const { provider, tokens } = identified('octocat', { allow: { organizations: ['acme'] } })
    const answering = (answer: () => Response): Call =>
      Object.assign(async () => answer(), { clock: call.clock })
    for (const status of [401, 403, 404]) {
      for (const through of [
        answering(() => new Response('<h1>Blocked</h1>', { status })),
        answering(() => Response.json({ error: 'blocked' }, { status })),
      ]) {
        const error = await provider.identify(asked(tokens, through)).catch((e) => e)
        expect(error.message).toMatch(new RegExp(`answered ${status} .*: /api/v3/user$`))
        expect(error).not.toBeInstanceOf(AccessDenied)
      }
    }
  })
})
