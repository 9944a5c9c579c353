import { type AuthInfo, type DrawbridgeEvent, memory, oauthServer } from '@drawbridge/core'
import {
  browser,
  type DevOidcOptions,
  devGoogle,
  fakeClock,
  network,
  oauthClient,
  type TokenBody,
} from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { CREDENTIALS, ORIGIN } from './google.fixture.ts'
import { type GoogleOptions, type GoogleUser, google } from './index.ts'

const ISSUER = 'https://mcp.acme.test'
const DAY = 86_400
const [ADA, GRACE, EVE] = ['1001', '1002', '1003']

/** An MCP server behind a pretend Google, with both in this process. */
function world(options: GoogleOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devGoogle({ clock, ...truth })
  const events: DrawbridgeEvent[] = []
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
    provider: google({ ...CREDENTIALS, issuer: ORIGIN, ...options }),
    scopes: { supported: ['email', 'calendar.readonly', 'drive.file'] },
    onEvent: (event) => events.push(event),
    log: false,
    fetch,
    clock,
  })
  const gate = async ({ access_token }: Pick<TokenBody, 'access_token'>) => {
    const request = new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access_token}` } })
    const result = await auth.authenticate(request)
    if (!result.ok) throw new Error(`the gate answered ${result.response.status}`)
    return result.auth
  }
  const works = async (info: AuthInfo<GoogleUser>) => dev.works((await auth.upstreamToken(info)).access_token)
  const install = async (user = ADA ?? '', scope = 'email') => {
    const client = oauthClient({ mcpUrl: `${ISSUER}/mcp`, fetch })
    const tokens = await client.login(browser({ fetch, clock }), { user, parameters: { scope } })
    return { client, tokens }
  }
  const asked = (path: string) => dev.requests.filter((each) => each.path === path)
  const authorizations = () =>
    asked('/o/oauth2/v2/auth')
      .filter(({ method }) => method === 'GET')
      .map(({ parameters }) => parameters)
  return { clock, dev, events, gate, works, install, asked, authorizations }
}

it('knows who signed in, and what was granted', async () => {
  const { install, gate, works, authorizations } = world()
  const { tokens } = await install(ADA, 'email calendar.readonly')
  expect(tokens.scope).toBe('email calendar.readonly')
  const info = await gate(tokens)
  expect(info.extra).toMatchObject({
    subject: 'google|1001',
    user: { sub: '1001', name: 'Ada', email: 'ada@acme.test', hd: 'acme.test' },
  })
  expect(await works(info)).toBe(true)
  const [sent] = authorizations()
  expect(sent).toMatchObject({
    access_type: 'offline',
    scope: expect.stringContaining('https://www.googleapis.com/auth/calendar.readonly'),
  })
})

it('lets nobody in who only has an address at the hosted domain: no code, no tokens', async () => {
  const { install, events, authorizations } = world({ allow: { hostedDomains: ['acme.test'] } })
  await expect(install(EVE)).rejects.toThrow(/No code: access_denied/)
  expect(events.map(({ type }) => type)).toContain('login.denied')
  expect(events.map(({ type }) => type)).not.toContain('grant.created')
  await expect(install(GRACE)).resolves.toBeDefined()
  expect(authorizations().map(({ hd }) => hd)).toEqual(['acme.test', 'acme.test'])
})

it('asks `permit` before there is a code, and at each re-check', async () => {
  const welcome = new Set([ADA])
  const { install, clock } = world({ permit: ({ sub }) => welcome.has(sub) })
  await expect(install(GRACE)).rejects.toThrow(/No code: access_denied/)
  const { client, tokens } = await install(ADA)
  clock.advance(DAY + 1)
  const next = await client.refresh(tokens.refresh_token)
  expect(next.status).toBe(200)
  welcome.clear()
  clock.advance(DAY + 1)
  expect(await client.refresh((next.body as TokenBody).refresh_token)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
})

it('ends the session of somebody who left the organization', async () => {
  const { install, clock, dev } = world({ allow: { hostedDomains: ['acme.test'] } })
  const { client, tokens } = await install(ADA)
  const [ada] = dev.users
  if (ada) ada.hd = 'other.test'
  clock.advance(DAY + 1)
  expect(await client.refresh(tokens.refresh_token)).toMatchObject({ body: { error: 'invalid_grant' } })
})

it('serves a second client with other scopes, and both for days on refresh tokens that never come again', async () => {
  const { install, gate, works, clock, authorizations } = world()
  const both = [await install(ADA, 'email'), await install(ADA, 'email drive.file')]
  expect(both.map(({ tokens }) => tokens.scope)).toEqual(['email', 'email drive.file'])
  // The second login of Ada brought no refresh token for its scopes, so that Google was asked again.
  expect(authorizations().map(({ prompt }) => prompt)).toEqual([undefined, undefined, 'consent'])
  for (const days of [1, 7, 1]) {
    clock.advance(days * DAY + 60)
    for (const each of both) {
      const { status, body } = await each.client.refresh(each.tokens.refresh_token)
      expect(status).toBe(200)
      each.tokens = body as TokenBody
      expect(await works(await gate(each.tokens))).toBe(true)
    }
  }
})

it('ends everything at Google with the last session, and no sooner', async () => {
  const { install, gate, works, asked } = world()
  const one = await install(ADA, 'email')
  const two = await install(ADA, 'email drive.file')
  await one.client.revoke(one.tokens.refresh_token)
  expect(asked('/revoke')).toHaveLength(0)
  expect(await works(await gate(two.tokens))).toBe(true)
  await two.client.revoke(two.tokens.refresh_token)
  expect(asked('/revoke').length).toBeGreaterThan(0)
})

it('takes what somebody has ended at Google for ended', async () => {
  const { install, dev, events } = world()
  const { client, tokens } = await install(ADA)
  dev.revokeUser('1001')
  expect((await client.revoke(tokens.refresh_token)).status).toBe(200)
  expect(events.filter(({ type }) => type === 'upstream.unavailable')).toEqual([])
})

it('ends the session of somebody who ended the app in their Google account', async () => {
  const { install, dev, clock } = world()
  const { client, tokens } = await install(ADA)
  dev.revokeUser('1001')
  clock.advance(DAY + 1)
  expect(await client.refresh(tokens.refresh_token)).toMatchObject({ body: { error: 'invalid_grant' } })
})

it('grants no scope that somebody unticked at Google', async () => {
  const scopesNamed = (asked: readonly string[]) => asked.filter((name) => !name.includes('drive'))
  const { install } = world({}, { scopesNamed })
  const { tokens } = await install(ADA, 'email drive.file')
  expect(tokens.scope).toBe('email')
})
