import { describe, expect, it } from 'vitest'
import { world } from '../world.ts'

async function signedIn(options: Parameters<typeof world>[0] = {}, metadata: Record<string, unknown> = {}) {
  const w = world(options)
  const app = w.client()
  await app.register(metadata)
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  const upstreamEnded = () => w.provider.requests.filter(({ method }) => method === 'DELETE').length
  return { ...w, app, tokens, upstreamEnded }
}

describe('either token ends the grant at once, on every instance', () => {
  it.each(['access_token', 'refresh_token'] as const)('%s', async (kind) => {
    const { app, tokens, call, instance } = await signedIn()
    const other = instance()
    const request = () =>
      new Request('https://mcp.test/mcp', { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect((await other.authenticate(request())).ok).toBe(true)
    expect((await app.revoke(tokens[kind])).status).toBe(200)
    expect((await other.authenticate(request())).ok).toBe(false)
    expect((await call(tokens.access_token)).status).toBe(401)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('a refresh token already rotated, too', async () => {
    const { app, tokens } = await signedIn()
    const second = await app.refresh(tokens.refresh_token)
    await app.revoke(tokens.refresh_token)
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe("only one's own", () => {
  it("another client's token is answered the same and lives on", async () => {
    const { client, tokens, call } = await signedIn()
    const thief = client()
    await thief.register()
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await thief.revoke(token)).status).toBe(200)
    expect((await call(tokens.access_token)).status).toBe(200)
  })

  it('a forged token of the right grant ends nothing', async () => {
    const { app, tokens, call } = await signedIn()
    await app.revoke(`${tokens.refresh_token.slice(0, -43)}${'x'.repeat(43)}`)
    await app.revoke('nonsense')
    expect((await call(tokens.access_token)).status).toBe(200)
  })

  it('a confidential client must prove itself', async () => {
    const { app, tokens, call } = await signedIn({}, { token_endpoint_auth_method: 'client_secret_post' })
    const right = app.credentials
    if (!right) throw new Error('not registered')
    app.credentials = { client_id: right.client_id }
    expect((await app.revoke(tokens.refresh_token)).status).toBe(401)
    expect((await call(tokens.access_token)).status).toBe(200)
    app.credentials = right
    expect((await app.revoke(tokens.refresh_token)).status).toBe(200)
    expect((await call(tokens.access_token)).status).toBe(401)
  })
})

describe("the provider's revocation", () => {
  it('is called when the last grant that needs its token ends, and not before', async () => {
    const { app, client, browser, tokens, upstreamEnded, auth, call } = await signedIn()
    const laptop = client()
    const second = await laptop.login(browser(), { user: 'octocat' })
    await app.revoke(tokens.refresh_token)
    expect(upstreamEnded()).toBe(0)
    const result = await auth.authenticate(
      new Request('https://mcp.test/mcp', { headers: { authorization: `Bearer ${second.access_token}` } }),
    )
    expect(result.ok && (await auth.upstreamToken(result.auth)).access_token).toMatch(/^gho_/)
    await laptop.revoke(second.refresh_token)
    // For the token in use, and for the one whose place it took.
    expect(upstreamEnded()).toBe(2)
    expect((await call(second.access_token)).status).toBe(401)
  })

  it('reaches a refresh token whose access token has ended', async () => {
    const { app, tokens, clock, provider } = await signedIn({
      github: {
        apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' }],
      },
    })
    clock.advance(9 * 3600)
    await app.revoke(tokens.refresh_token)
    const [refresh] = provider.requests.filter(({ parameters }) => parameters.grant_type === 'refresh_token')
    const [ended] = provider.requests.filter(({ method }) => method === 'DELETE')
    expect(refresh && ended).toBeDefined()
  })

  it('failing does not undo our own', async () => {
    const { app, tokens, provider, call, events } = await signedIn()
    provider.outage('503')
    expect((await app.revoke(tokens.refresh_token)).status).toBe(200)
    expect((await call(tokens.access_token)).status).toBe(401)
    expect(events).toContainEqual(expect.objectContaining({ type: 'upstream.revoked', outcome: 'failed' }))
  })
})

describe('the number of installations', () => {
  it('is bounded per user, client and redirect, the longest unused going first', async () => {
    const { app, browser, tokens, call, clock } = await signedIn({ grantsPerInstallation: 3 })
    const person = browser()
    const all = [tokens]
    for (let more = 0; more < 3; more++) {
      clock.advance(10)
      // The first stays in use all along.
      const refreshed = await app.refresh(all[0]?.refresh_token)
      if (all[0]) Object.assign(all[0], refreshed.body)
      clock.advance(10)
      all.push(await app.login(person, { user: 'octocat' }))
    }
    const statuses = await Promise.all(all.map(async ({ access_token }) => (await call(access_token)).status))
    expect(statuses).toEqual([200, 401, 200, 200])
  })
})
