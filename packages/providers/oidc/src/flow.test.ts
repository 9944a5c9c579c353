import { memory, oauthServer } from '@drawbridge/core'
import { browser, type DevOidcOptions, devOidc, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { type OidcOptions, oidc } from './index.ts'
import { CREDENTIALS, ORIGIN, USERS } from './oidc.fixture.ts'

const ISSUER = 'https://mcp.acme.test'
const DAY = 86_400

function world(options: OidcOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devOidc({ clock, users: USERS, ...truth })
  const fetch = network({
    [ORIGIN]: dev.fetch,
    [ISSUER]: async (request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    },
  })
  const auth = oauthServer({
    issuer: ISSUER,
    secret: 'kM3vQ8zR1tY6wB9nL4pS7dF2gH5jX0cAqE8uT1iO3aZ=',
    storage: memory({ clock }),
    provider: oidc({ ...CREDENTIALS, issuer: ORIGIN, ...options }),
    scopes: ['email'],
    log: false,
    fetch,
    clock,
  })
  const userOf = async (access_token: string) => {
    const headers = { authorization: `Bearer ${access_token}` }
    const result = await auth.authenticate(new Request(`${ISSUER}/mcp`, { headers }))
    return result.ok ? result.auth.extra : undefined
  }
  const install = async (user = 'ada') => {
    const client = oauthClient({ mcpUrl: `${ISSUER}/mcp`, fetch })
    const tokens = await client.login(browser({ fetch, clock }), { user, parameters: { scope: 'email' } })
    return { client, tokens }
  }
  const prompts = () =>
    dev.requests
      .filter(({ method, path }) => method === 'GET' && path === '/authorize')
      .map(({ parameters }) => parameters.prompt)
  return { clock, dev, userOf, install, prompts }
}

it('knows who signed in', async () => {
  const { install, userOf } = world()
  const { tokens } = await install()
  expect(await userOf(tokens.access_token)).toMatchObject({
    subject: 'oidc|ada',
    user: { name: 'Ada', email: 'ada@acme.test' },
  })
})

it('ends the session of somebody whom the predicate refuses by now', async () => {
  const { install, clock, dev } = world({ permit: ({ email }) => email === 'ada@acme.test' })
  const { client, tokens } = await install()
  const [ada] = dev.users
  if (ada) ada.email = 'ada@other.test'
  clock.advance(DAY + 1)
  expect(await client.refresh(tokens.refresh_token)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
})

it('asks for a consent where offline_access brings no refresh token without one', async () => {
  const scopes = ['openid', 'email', 'offline_access']
  const { install, prompts } = world({ scopes, tokens: 'per-login' }, { refreshTokens: 'on consent' })
  await install()
  await install()
  expect(prompts()).toEqual([undefined, undefined, 'consent'])
})
