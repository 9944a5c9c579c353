import { NoUpstreamToken, Unavailable, UpstreamEnded } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { issuer, resource, type World, world } from '../world.ts'

const githubApp = {
  github: {
    apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' as const }],
  },
}
const hour = 3600

async function signedIn(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, tokens }
}

/** What a tool does: the token of the provider, for the user of this request. */
async function upstream(auth: World['auth'], access_token: string) {
  const result = await auth.authenticate(
    new Request(resource, { headers: { authorization: `Bearer ${access_token}` } }),
  )
  if (!result.ok) throw new Error(`not authenticated: ${result.response.status}`)
  return auth.upstreamToken(result.auth)
}

const refreshes = (w: { provider: World['provider'] }) =>
  w.provider.requests.filter(({ parameters }) => parameters.grant_type === 'refresh_token').length

describe('upstreamToken', () => {
  it('is the provider token, as it is while it is fresh', async () => {
    const w = await signedIn()
    const token = await upstream(w.auth, w.tokens.access_token)
    expect(token).toMatchObject({ provider: 'github', scopes: ['read:user'] })
    const user = await w.fetch('https://github.test/api/v3/user', {
      headers: { authorization: `Bearer ${token.access_token}`, 'user-agent': 'test' },
    })
    expect(await user.json()).toMatchObject({ login: 'octocat' })
  })

  it('is refreshed when near its end: once, for everybody, on every instance', async () => {
    const w = await signedIn(githubApp)
    const before = await upstream(w.auth, w.tokens.access_token)
    w.clock.advance(8 * hour - 30)
    const { body } = await w.app.refresh(w.tokens.refresh_token)
    const instances = [w.auth, w.instance(), w.instance()]
    const all = Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        upstream(instances[index % 3] ?? w.auth, body.access_token ?? ''),
      ),
    )
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    const tokens = new Set((await all).map(({ access_token }) => access_token))
    clearInterval(ticking)
    expect(tokens.size).toBe(1)
    expect(tokens).not.toContain(before.access_token)
    expect(refreshes(w)).toBe(1)
  })

  it('an outage of the provider is Unavailable, and over when it is over', async () => {
    const w = await signedIn(githubApp)
    w.clock.advance(9 * hour)
    const { body } = await w.app.refresh(w.tokens.refresh_token)
    w.provider.outage('503')
    await expect(upstream(w.auth, body.access_token ?? '')).rejects.toThrow(Unavailable)
    w.provider.outage('none')
    expect((await upstream(w.auth, body.access_token ?? '')).access_token).toMatch(/^ghu_/)
  })

  it('an end at the provider is UpstreamEnded, told apart from an outage', async () => {
    const w = await signedIn(githubApp)
    w.clock.advance(9 * hour)
    const { body } = await w.app.refresh(w.tokens.refresh_token)
    w.provider.revokeUser('octocat')
    await expect(upstream(w.auth, body.access_token ?? '')).rejects.toThrow(UpstreamEnded)
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'upstream.ended', provider: 'github' }))
  })

  it("a new login heals it for all of the user's installations", async () => {
    const w = await signedIn(githubApp)
    w.clock.advance(9 * hour)
    const { body } = await w.app.refresh(w.tokens.refresh_token)
    w.provider.revokeUser('octocat')
    await expect(upstream(w.auth, body.access_token ?? '')).rejects.toThrow(UpstreamEnded)
    await w.client().login(w.browser(), { user: 'octocat' })
    expect((await upstream(w.auth, body.access_token ?? '')).access_token).toMatch(/^ghu_/)
  })

  it('is not there when tokens are not kept', async () => {
    const w = await signedIn({ keepUpstreamTokens: false })
    await expect(upstream(w.auth, w.tokens.access_token)).rejects.toThrow(NoUpstreamToken)
    w.clock.advance(48 * hour)
    expect((await w.app.refresh(w.tokens.refresh_token)).status).toBe(200)
  })
})

describe('a token that the provider rejects before its time', () => {
  const authOf = async (w: Awaited<ReturnType<typeof signedIn>>) => {
    const headers = { authorization: `Bearer ${w.tokens.access_token}` }
    const result = await w.auth.authenticate(new Request(resource, { headers }))
    if (!result.ok) throw new Error('not authenticated')
    return result.auth
  }

  it('is replaced: by one that is there already, else by a refresh', async () => {
    const w = await signedIn(githubApp)
    const auth = await authOf(w)
    const first = await w.auth.upstreamToken(auth)
    w.clock.advance(60)
    const second = await w.auth.upstreamToken(auth, { rejected: first.access_token })
    expect(second.access_token).not.toBe(first.access_token)
    const again = await w.instance().upstreamToken(auth, { rejected: first.access_token })
    expect(again.access_token).toBe(second.access_token)
    expect(refreshes(w)).toBe(1)
  })

  it('over and over is an end, and not a storm of refreshes', async () => {
    const w = await signedIn(githubApp)
    const auth = await authOf(w)
    const { access_token } = await w.auth.upstreamToken(auth)
    await expect(w.auth.upstreamToken(auth, { rejected: access_token })).rejects.toThrow(UpstreamEnded)
    expect(refreshes(w)).toBe(0)
  })

  it('that has no refresh token has ended', async () => {
    const w = await signedIn()
    const auth = await authOf(w)
    const { access_token } = await w.auth.upstreamToken(auth)
    w.clock.advance(60)
    await expect(w.auth.upstreamToken(auth, { rejected: access_token })).rejects.toThrow(UpstreamEnded)
  })
})

it("is refreshed beside a client's refresh when the operator wants it so", async () => {
  for (const refreshUpstream of ['lazy', 'proactive'] as const) {
    const w = await signedIn({ ...githubApp, refreshUpstream })
    w.clock.advance(8 * hour - 30)
    expect((await w.app.refresh(w.tokens.refresh_token)).status).toBe(200)
    const renewed = () => w.events.some(({ type }) => type === 'upstream.refreshed')
    for (let turns = 0; turns < 200 && !renewed(); turns++)
      await new Promise((resolve) => setImmediate(resolve))
    expect(renewed()).toBe(refreshUpstream === 'proactive')
  }
})

it('an instance learns of a session that another made', async () => {
  const w = await signedIn()
  const later = w.instance()
  await later.ready()
  expect((await upstream(later, w.tokens.access_token)).access_token).toMatch(/^gho_/)
  expect((await (await w.fetch(`${issuer}/jwks`)).json()).keys).toHaveLength(1)
})

describe('a lost secret', () => {
  it('stops at start-up and never replaces what it cannot open', async () => {
    const w = await signedIn()
    const wrong = w.instance({ secret: 'T3kJ0s8wYb5nQe2zXc7vMf4hLp9rUa6dGi1oKtZyWxE=' })
    await expect(wrong.ready()).rejects.toThrow(/secret/)
    const request = new Request(resource, { headers: { authorization: `Bearer ${w.tokens.access_token}` } })
    const result = await wrong.authenticate(request)
    expect(!result.ok && result.response.status).toBe(503)
    expect((await w.call(w.tokens.access_token)).status).toBe(200)
  })
})
