import {
  type DevOidcOptions,
  devWorkOS,
  fakeClock,
  providerServer,
  type TokenBody,
} from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { type WorkOSOptions, workos } from './index.ts'
import { ACME, ADA, CREDENTIALS, EVE, GRACE, ISSUER, MAX } from './workos.fixture.ts'

const DAY = 86_400

/** An MCP server behind a pretend WorkOS. */
function world(options: WorkOSOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devWorkOS({ clock, ...truth })
  const server = providerServer({
    provider: workos({ ...CREDENTIALS, domain: ISSUER, ...options }),
    hosts: { [ISSUER]: dev.fetch },
    clock,
  })
  const install = (user: string = ADA) => server.install(user)
  const asked = (path: string) => dev.requests.filter((each) => each.path === path)
  return { ...server, clock, dev, install, asked }
}

it('knows who signed in, and as a member of what', async () => {
  const { install, gate, asked, auth, dev } = world()
  const { tokens } = await install()
  const info = await gate(tokens)
  expect(info.extra).toMatchObject({
    subject: 'workos|user_ada',
    user: { sub: ADA, name: 'Ada Lovelace', email: 'ada@acme.test', org_id: ACME },
  })
  expect(asked('/oauth2/authorize')[0]?.parameters).toMatchObject({
    scope: expect.stringContaining('offline_access'),
    code_challenge_method: 'S256',
    nonce: expect.any(String),
  })
  expect(asked('/oauth2/token')[0]?.parameters).toMatchObject({ client_secret: 'dev-secret' })
  expect(dev.works((await auth.upstreamToken(info)).access_token)).toBe(true)
})

it('never shows clients that it asks for a refresh token of its own', async () => {
  const { install } = world()
  const { client, tokens } = await install()
  expect(tokens.scope).not.toContain('offline_access')
  expect((await client.discover()).resource?.scopes_supported).toEqual(['openid', 'email', 'profile'])
})

it('lets nobody in of another organization, or of none: no code, no tokens', async () => {
  const { install, events } = world({ allow: { organizations: [ACME] } })
  for (const user of [MAX, EVE]) await expect(install(user)).rejects.toThrow(/No code: access_denied/)
  expect(events.map(({ type }) => type)).toContain('login.denied')
  expect(events.map(({ type }) => type)).not.toContain('grant.created')
  await expect(install(GRACE)).resolves.toBeDefined()
})

it('lets nobody in by an address that is not verified', async () => {
  const { install } = world({ allow: { emailDomains: ['acme.test'] } })
  await expect(install(EVE)).rejects.toThrow(/No code: access_denied/)
  await expect(install(GRACE)).resolves.toBeDefined()
})

it('works for days on tokens that live minutes, also where userinfo has to be asked', async () => {
  const { install, clock, gate, auth, dev } = world(
    { allow: { organizations: [ACME] } },
    { idTokenClaims: false },
  )
  const { client, tokens } = await install()
  let { refresh_token } = tokens
  for (const days of [1, 7, 1]) {
    clock.advance(days * DAY + 60)
    const { status, body } = await client.refresh(refresh_token)
    expect(status).toBe(200)
    refresh_token = (body as TokenBody).refresh_token
    const info = await gate(body as TokenBody)
    expect(info.extra.user).toMatchObject({ email: 'ada@acme.test', org_id: ACME })
    expect(dev.works((await auth.upstreamToken(info)).access_token)).toBe(true)
  }
})
