import type { OAuthProvider, UpstreamTokens } from '@drawbridge/core/provider'
import {
  browser,
  type DevGitHub,
  type DevGitHubOptions,
  devGitHub,
  type Listener,
  type OpenedProvider,
  providerCall,
  providerContract,
  signIn,
  type TokenAnswer,
} from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { APPS, USERS } from './github.fixture.ts'
import { github } from './index.ts'

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
