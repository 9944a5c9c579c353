import { type AuthInfo, dangerouslyStaticTokens, memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { expect, expectTypeOf, it } from 'vitest'
import { resource, secret, world } from '../world.ts'

const machine = () =>
  dangerouslyStaticTokens(
    { 'machine-token': { subject: 'client|nightly', user: { robot: true } } },
    { log: false },
  )

it('lets tokens in that somebody else issued, beside its own', async () => {
  const w = world({ accept: [machine()] })
  const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
  expect((await w.call(access_token)).status).toBe(200)
  expect(await (await w.call('machine-token')).json()).toMatchObject({ extra: { subject: 'client|nightly' } })
  expect((await w.call('another-token')).status).toBe(401)
})

it('asks nobody else about a token of its own that has ended', async () => {
  const everything = {
    verify: async () => ({
      status: 'valid' as const,
      token: { subject: 'x', clientId: 'x', scopes: [], expiresAt: 9e9, issuer: 'x', user: undefined },
    }),
  }
  const w = world({ accept: [everything] })
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  await app.revoke(tokens.refresh_token)
  expect((await w.call(tokens.access_token)).status).toBe(401)
})

it('knows both kinds of user', () => {
  const auth = oauthProxy({
    issuer: 'https://mcp.test',
    secret,
    storage: memory(),
    provider: github({ clientId: 'a', clientSecret: 'b' }),
    accept: [machine()],
  })
  expect(auth.resource).toBe(resource)
  type User = Extract<Awaited<ReturnType<typeof auth.authenticate>>, { ok: true }>['auth']
  expectTypeOf<User>().toExtend<AuthInfo<{ login: string } | { robot: boolean }>>()
})
