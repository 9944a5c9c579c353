import { expect, it } from 'vitest'
import { issuer, resource, world } from './world.ts'

it('lets an unknown client in, as its user, and out again', async () => {
  const { client, browser, call, provider } = world()
  const app = client()
  const tokens = await app.login(browser(), { user: 'octocat' })
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read:user' })

  const answer = await call(tokens.access_token)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    clientId: app.credentials?.client_id,
    scopes: ['read:user'],
    resource,
    extra: { subject: expect.stringMatching(/^github\|\d+$/), issuer, user: { login: 'octocat' } },
  })

  const refreshed = await app.refresh(tokens.refresh_token)
  expect(refreshed.status).toBe(200)
  expect(refreshed.headers.get('cache-control')).toBe('no-store')
  expect(refreshed.body.refresh_token).not.toBe(tokens.refresh_token)
  expect((await call(refreshed.body.access_token)).status).toBe(200)

  expect((await app.revoke(refreshed.body.refresh_token)).status).toBe(200)
  for (const dead of [tokens.access_token, refreshed.body.access_token]) {
    expect((await call(dead)).status).toBe(401)
  }
  expect((await app.refresh(refreshed.body.refresh_token)).body.error).toBe('invalid_grant')
  expect(provider.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
})

it("never shows a client or a browser the provider's tokens", async () => {
  const { client, browser, call, provider, fetch } = world()
  const seen: string[] = []
  const watching: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!response.url.startsWith('https://github.test')) {
      seen.push(JSON.stringify([...response.headers]), await response.clone().text())
    }
    return response
  }
  const app = client({ fetch: watching })
  const tokens = await app.login(browser(), { user: 'octocat' })
  seen.push(await (await call(tokens.access_token)).text(), JSON.stringify(tokens))
  const upstream = provider.requests.flatMap(({ authorization, parameters }) =>
    [authorization?.replace(/^\w+ /, ''), parameters.code, parameters.client_secret].filter(
      (text): text is string => text !== undefined,
    ),
  )
  expect(upstream.length).toBeGreaterThan(2)
  for (const credential of upstream) expect(seen.join('\n')).not.toContain(credential)
})

it('uses PKCE on both legs, with different verifiers', async () => {
  const { client, browser, provider } = world()
  const app = client()
  await app.register()
  const pending = await app.authorize()
  await app.login(browser(), { user: 'octocat' })
  const [authorize] = provider.requests.filter(({ path }) => path === '/login/oauth/authorize')
  const [exchange] = provider.requests.filter(({ path }) => path === '/login/oauth/access_token')
  expect(authorize?.parameters).toMatchObject({
    code_challenge_method: 'S256',
    redirect_uri: `${issuer}/callback/github`,
  })
  expect(authorize?.parameters.code_challenge).toMatch(/^[\w-]{43}$/)
  expect(authorize?.parameters.code_challenge).not.toBe(pending.url.searchParams.get('code_challenge'))
  expect(exchange?.parameters.code_verifier).toMatch(/^[\w-]{43,}$/)
})
