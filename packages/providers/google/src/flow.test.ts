import type { AuthInfo } from '@drawbridge/core'
import { type DevOidcOptions, devGoogle, fakeClock, providerServer } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { CREDENTIALS, ORIGIN } from './google.fixture.ts'
import { type GoogleOptions, type GoogleUser, google } from './index.ts'

const [ADA, GRACE] = ['1001', '1002']

/** An MCP server behind a pretend Google. */
function world(options: GoogleOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devGoogle({ clock, ...truth })
  const server = providerServer({
    provider: google({ ...CREDENTIALS, issuer: ORIGIN, ...options }),
    hosts: { [ORIGIN]: dev.fetch },
    scopes: { supported: ['email', 'calendar.readonly', 'drive.file'] },
    clock,
  })
  const install = (user = ADA ?? '', scope = 'email') => server.install(user, scope)
  const works = async (info: AuthInfo<GoogleUser>) =>
    dev.works((await server.auth.upstreamToken(info)).access_token)
  const authorizations = () =>
    dev.requests
      .filter(({ method, path }) => method === 'GET' && path === '/o/oauth2/v2/auth')
      .map(({ parameters }) => parameters)
  return { gate: server.gate, works, install, authorizations }
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

it('offers the accounts of the organization that may enter', async () => {
  const { install, authorizations } = world({ allow: { hostedDomains: ['acme.test'] } })
  await install(GRACE)
  expect(authorizations().map(({ hd }) => hd)).toEqual(['acme.test'])
})

it('asks for a consent where a second client has scopes for which no refresh token came', async () => {
  const { install, authorizations } = world()
  await install(ADA, 'email')
  await install(ADA, 'email drive.file')
  expect(authorizations().map(({ prompt }) => prompt)).toEqual([undefined, undefined, 'consent'])
})

it('grants no scope that somebody unticked at Google', async () => {
  const scopesNamed = (asked: readonly string[]) => asked.filter((name) => !name.includes('drive'))
  const { install } = world({}, { scopesNamed })
  const { tokens } = await install(ADA, 'email drive.file')
  expect(tokens.scope).toBe('email')
})
