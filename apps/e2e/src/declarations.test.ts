import { github } from '@drawbridge/github'
import type { DevGitHubOptions } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { upstreamHost, world } from './world.ts'

type Provider = ReturnType<typeof github>

const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
const independent = { tokensPerUser: Number.POSITIVE_INFINITY }

/** What is declared, of a provider that really is so. */
const declarations: Record<
  string,
  [Pick<Provider, 'tokens' | 'revocation'>, Pick<DevGitHubOptions, 'tokensPerUser' | 'revocation'>]
> = {
  'per-login, token': [{ tokens: 'per-login', revocation: 'token' }, independent],
  'per-login, user': [
    { tokens: 'per-login', revocation: 'user' },
    { ...independent, revocation: 'user' },
  ],
  'per-user, token': [{ tokens: 'per-user', revocation: 'token' }, { tokensPerUser: 1 }],
  'per-user, user': [
    { tokens: 'per-user', revocation: 'user' },
    { tokensPerUser: 1, revocation: 'user' },
  ],
}

async function twoClients(
  declared: Pick<Provider, 'tokens' | 'revocation'>,
  truth: Pick<DevGitHubOptions, 'tokensPerUser' | 'revocation'>,
) {
  const w = world({
    provider: { ...github({ ...credentials, host: upstreamHost }), ...declared },
    github: { apps: [{ ...credentials, mode: 'github-app' }], ...truth },
  })
  const signIn = async () => {
    const app = w.client()
    await app.register()
    return { app, tokens: await app.login(w.browser(), { user: 'octocat' }) }
  }
  const sessions = [await signIn(), await signIn()] as const

  /** As a tool: with the provider's token, renewed when it has expired. */
  const asTool = async ({ tokens }: { tokens: { access_token?: string } }): Promise<number> => {
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const result = await w.auth.authenticate(new Request('https://mcp.test/mcp', { headers }))
    if (!result.ok) return result.response.status
    const { access_token } = await w.auth.upstreamToken(result.auth)
    const user = await w.fetch(`${upstreamHost}/api/v3/user`, {
      headers: { authorization: `Bearer ${access_token}`, 'user-agent': 'tool' },
    })
    return user.status
  }
  return { ...w, sessions, asTool }
}

describe.each(Object.entries(declarations))('%s, and so it is', (_, [declared, truth]) => {
  it.each([
    ['first', 0, 1],
    ['second', 1, 0],
  ] as const)(
    'two clients of one user: the %s leaves, and the other goes on',
    async (_, leaving, staying) => {
      const { sessions, asTool, clock } = await twoClients(declared, truth)
      expect([await asTool(sessions[0]), await asTool(sessions[1])]).toEqual([200, 200])
      await sessions[leaving].app.revoke(sessions[leaving].tokens.refresh_token)
      expect(await asTool(sessions[leaving])).toBe(401)
      expect(await asTool(sessions[staying])).toBe(200)
      // The provider's token expires, and is refreshed.
      clock.advance(9 * 3600)
      const { body } = await sessions[staying].app.refresh(sessions[staying].tokens.refresh_token)
      expect(await asTool({ tokens: body })).toBe(200)
    },
  )

  it('both leave, and nothing is left alive at the provider', async () => {
    const { sessions, asTool, provider, auth, fetch } = await twoClients(declared, truth)
    const upstream: string[] = []
    for (const { tokens } of sessions) {
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const result = await auth.authenticate(new Request('https://mcp.test/mcp', { headers }))
      if (result.ok) upstream.push((await auth.upstreamToken(result.auth)).access_token)
    }
    expect(upstream).toHaveLength(2)
    for (const { app, tokens } of sessions) await app.revoke(tokens.refresh_token)
    for (const session of sessions) expect(await asTool(session)).toBe(401)
    expect(provider.requests.some(({ method }) => method === 'DELETE')).toBe(true)
    for (const token of upstream) {
      const headers = { authorization: `Bearer ${token}`, 'user-agent': 'thief' }
      expect((await fetch(`${upstreamHost}/api/v3/user`, { headers })).status).toBe(401)
    }
  })
})

it('a wrong one ends a session that nobody ended: why the provider contract looks', async () => {
  const { sessions, asTool, call } = await twoClients(
    { tokens: 'per-login', revocation: 'token' },
    { ...independent, revocation: 'user' },
  )
  await sessions[0].app.revoke(sessions[0].tokens.refresh_token)
  expect((await call(sessions[1].tokens.access_token)).status).toBe(200)
  expect(await asTool(sessions[1])).toBe(401)
})
