import { AccessDenied, type Call, type OAuthProvider, type UpstreamTokens } from '@drawbridge/core/provider'
import {
  browser,
  type DevGitHub,
  type DevGitHubOptions,
  type DevGitHubUser,
  devGitHub,
  type Listener,
  type OpenedProvider,
  providerCall,
  providerContract,
  signIn,
  type TokenAnswer,
} from '@drawbridge/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type GitHubOptions, type GitHubUser, github } from './index.ts'

const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }
/** `identify` asks GitHub's API, and none of these. */
const endpoints = { authorization: 'https://github.test/authorize', token: 'https://github.test/token' }
const APPS = [
  { ...CREDENTIALS },
  { clientId: 'modern', clientSecret: 'modern-secret', mode: 'github-app' as const },
]
const USERS: DevGitHubUser[] = [
  { login: 'octocat', email: 'mona@example.com', organizations: { acme: 'active' } },
  { login: 'monalisa', organizations: { other: 'active', acme: 'active' } },
  { login: 'hubot', organizations: { other: 'active' } },
]

/** What is true of a pretend GitHub, and what the provider says of itself instead. */
interface Deviation {
  truth?: Pick<DevGitHubOptions, 'tokensPerUser' | 'revocation'>
  declared?: Partial<Pick<OAuthProvider, 'tokens' | 'revocation'>>
  /** The cases that must notice; none where both are of one mind. */
  noticed: RegExp[]
}

const outlives = /^a sign-in outlives/
const endsAsMuch = /^revocation ends as much as it says/
const deviations: Record<string, Deviation> = {
  'per-login, though ten are kept': { declared: { tokens: 'per-login' }, noticed: [outlives] },
  'per-login, though one is kept': {
    truth: { tokensPerUser: 1 },
    declared: { tokens: 'per-login' },
    noticed: [outlives, endsAsMuch],
  },
  'per-user, though all are kept': {
    truth: { tokensPerUser: Number.POSITIVE_INFINITY },
    noticed: [outlives],
  },
  'a revocation of everything, though it ends one token': {
    declared: { revocation: 'user' },
    noticed: [endsAsMuch],
  },
  'a revocation of one token, though it ends everything': {
    truth: { revocation: 'user' },
    noticed: [endsAsMuch],
  },
  'a revocation, though there is none': {
    truth: { revocation: 'none' },
    noticed: [/^revoked tokens work no more/],
  },
  'per-login, as it is there': {
    truth: { tokensPerUser: Number.POSITIVE_INFINITY },
    declared: { tokens: 'per-login' },
    noticed: [],
  },
  'per-user, as it is there': { truth: { tokensPerUser: 1 }, noticed: [] },
  'a revocation of everything, as it is there': {
    truth: { revocation: 'user' },
    declared: { revocation: 'user' },
    noticed: [],
  },
}

const PEOPLE = { member: 'octocat', other: 'monalisa', refused: 'hubot' }

type Credentials = (typeof APPS)[number]

function openedAt(
  { url }: Listener,
  dev: DevGitHub,
  { clientId, clientSecret }: Credentials,
  declared: Deviation['declared'] = {},
): OpenedProvider {
  const call = providerCall()
  const token = (parameters: Record<string, string>) =>
    fetch(`${url}/login/oauth/access_token`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        client_id: clientId,
        client_secret: clientSecret,
        ...parameters,
      }),
    })
  const authorize = async () => {
    const page = new URL('/login/oauth/authorize', url)
    page.search = String(
      new URLSearchParams({ client_id: clientId, redirect_uri: 'http://127.0.0.1/cb', scope: 'user repo' }),
    )
    return (await signIn(browser(), page)).searchParams.get('code') ?? ''
  }
  return {
    provider: {
      ...github({
        clientId,
        clientSecret,
        host: url,
        scopes: ['read:user', 'user:email'],
        allow: { organizations: ['acme'] },
      }),
      ...declared,
    },
    call,
    async signIn(person) {
      return { tokens: tokensOf(dev.issue(PEOPLE[person], { clientId, scopes: ['user', 'read:org'] })) }
    },
    async refresh({ refresh_token = '' }) {
      const answer = await (await token({ grant_type: 'refresh_token', refresh_token })).json()
      return 'error' in answer ? undefined : tokensOf(answer)
    },
    works: async ({ access_token }) => {
      const headers = { authorization: `Bearer ${access_token}` }
      return (await call(`${url}/api/v3/user`, { headers })).ok
    },
    answers: async () => [
      {
        what: 'a wrong code',
        leg: 'code',
        response: await token({ code: 'x' }),
        becomes: { error: 'invalid_grant' },
      },
      {
        what: 'a dead refresh token',
        leg: 'refresh',
        response: await token({ grant_type: 'refresh_token', refresh_token: 'x' }),
        becomes: { error: 'invalid_grant' },
      },
      {
        what: 'a wrong secret',
        leg: 'code',
        response: await token({ client_secret: 'wrong' }),
        becomes: { error: 'invalid_client' },
      },
      {
        what: 'an unknown client',
        leg: 'refresh',
        response: await token({ client_id: 'nobody' }),
        becomes: { error: 'invalid_client' },
      },
      {
        what: 'another redirect_uri',
        leg: 'code',
        response: await token({ code: await authorize(), redirect_uri: 'http://127.0.0.1/other' }),
        becomes: { error: 'invalid_request' },
      },
      {
        what: 'an unknown grant type',
        leg: 'code',
        response: await token({ grant_type: 'password' }),
        becomes: { error: 'unsupported_grant_type' },
      },
      {
        what: 'tokens',
        leg: 'code',
        response: await token({ code: await authorize() }),
        becomes: {
          scope:
            clientId === 'modern'
              ? undefined
              : 'repo repo:status repo_deployment public_repo repo:invite security_events user read:user user:email user:follow',
        },
      },
    ],
  }
}

function asked(tokens: UpstreamTokens, call: Call) {
  return { tokens, answer: {}, callback: {}, endpoints, call }
}

function ending(tokens: UpstreamTokens) {
  const call = providerCall()
  return { tokens, endpoints, call, post: (url: string) => call(url) }
}

function tokensOf(issued: TokenAnswer): UpstreamTokens {
  return {
    access_token: issued.access_token,
    token_type: 'bearer',
    refresh_token: issued.refresh_token,
    expires_at: issued.expires_in && Math.floor(Date.now() / 1000) + issued.expires_in,
    scopes: ['read:user', 'user:email', 'read:org'],
  }
}

describe.each(APPS)('the provider contract, as $clientId', (app) => {
  const dev = devGitHub({ apps: APPS, users: USERS })
  let listener: Listener
  beforeAll(async () => {
    listener = await dev.listen()
  })
  afterAll(() => listener.close())

  for (const c of providerContract()) it(c.name, () => c.run(() => openedAt(listener, dev, app)))

  describe('notices where what is declared and what is true differ', () => {
    it.each(Object.entries(deviations))('%s', async (_, { truth, declared, noticed }) => {
      const other = devGitHub({ apps: APPS, users: USERS, ...truth })
      const at = await other.listen()
      const failed: string[] = []
      for (const c of providerContract())
        await c.run(() => openedAt(at, other, app, declared)).catch(() => failed.push(c.name))
      await at.close()
      for (const pattern of noticed) expect(failed).toContainEqual(expect.stringMatching(pattern))
      if (noticed.length === 0) expect(failed).toEqual([])
    })
  })
})

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

describe('revoke', () => {
  it('ends the one token, with the credentials of the app', async () => {
    const dev = devGitHub()
    const listener = await dev.listen()
    const provider: OAuthProvider<GitHubUser> = github({ ...CREDENTIALS, host: listener.url })
    const { access_token } = dev.issue('octocat')
    await provider.revoke?.(ending({ access_token, token_type: 'bearer', scopes: [] }))
    expect(dev.requests).toEqual([
      {
        method: 'DELETE',
        path: '/api/v3/applications/dev-client/token',
        parameters: { access_token },
        authorization: `Basic ${btoa('dev-client:dev-secret')}`,
      },
    ])
    await listener.close()
  })

  it('reports wrong credentials', async () => {
    const dev = devGitHub()
    const listener = await dev.listen()
    const provider = github({ clientId: 'dev-client', clientSecret: 'wrong', host: listener.url })
    const { access_token } = dev.issue('octocat')
    const tokens = { access_token, token_type: 'bearer', scopes: [] }
    await expect(provider.revoke?.(ending(tokens))).rejects.toThrow('GitHub answered 401')
    await listener.close()
  })
})
