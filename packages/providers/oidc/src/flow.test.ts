import { type DevOidcOptions, devOidc, fakeClock, providerServer } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { type OidcOptions, oidc } from './index.ts'
import { CREDENTIALS, ORIGIN, USERS } from './oidc.fixture.ts'

function world(options: OidcOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devOidc({ clock, users: USERS, ...truth })
  const server = providerServer({
    provider: oidc({ ...CREDENTIALS, issuer: ORIGIN, ...options }),
    hosts: { [ORIGIN]: dev.fetch },
    scopes: ['email'],
    clock,
  })
  const install = () => server.install('ada', 'email')
  const prompts = () =>
    dev.requests
      .filter(({ method, path }) => method === 'GET' && path === '/authorize')
      .map(({ parameters }) => parameters.prompt)
  return { gate: server.gate, install, prompts }
}

it('knows who signed in', async () => {
  const { install, gate } = world()
  const { tokens } = await install()
  expect((await gate(tokens)).extra).toMatchObject({
    subject: 'oidc|ada',
    user: { name: 'Ada', email: 'ada@acme.test' },
  })
})

it('asks for a consent where offline_access brings no refresh token without one', async () => {
  const scopes = ['openid', 'email', 'offline_access']
  const { install, prompts } = world({ scopes, tokens: 'per-login' }, { refreshTokens: 'on consent' })
  await install()
  await install()
  expect(prompts()).toEqual([undefined, undefined, 'consent'])
})
