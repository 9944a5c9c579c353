import { memory, oauthProxy, resourceServer } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { jwtVerifier } from '@drawbridge/jwt'
import { browser, devGitHub, fakeClock, type Network, network, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { issuer, secret, upstreamHost } from './world.ts'

const mail = 'https://mail.test/mcp'

/** The authorization server, and the mail server in a process of its own: it knows the other by its address only. */
function setUp() {
  const clock = fakeClock()
  const asked: string[] = []
  const hub = devGitHub({ clock })
  const as = oauthProxy({
    issuer,
    secret,
    storage: memory({ clock }),
    clock,
    fetch: (...given) => internet(...given),
    log: false,
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }),
    resources: { '/mcp': {}, [mail]: { scopes: ['mail:read', 'mail:send'] } },
  })
  const auth = resourceServer({
    resource: mail,
    authorizationServers: [issuer],
    scopes: ['mail:read', 'mail:send'],
    verifier: jwtVerifier({
      issuer,
      typ: 'at+jwt',
      subject: ({ sub }) => sub,
      fetch: async (...given) => {
        const request = new Request(...given)
        asked.push(request.url)
        return internet(request)
      },
      clock,
    }),
    clock,
    log: false,
  })
  const internet: Network = network({
    [upstreamHost]: hub.fetch,
    [issuer]: async (request) => (await as.handle(request)) ?? new Response('Not found', { status: 404 }),
    'https://mail.test': async (request) => {
      const answer = await auth.handle(request)
      if (answer) return answer
      const result = await auth.authenticate(request)
      return result.ok ? Response.json(result.auth) : result.response
    },
  })
  const login = (parameters = {}) =>
    oauthClient({ mcpUrl: mail, fetch: internet }).login(browser({ fetch: internet, clock }), {
      user: 'octocat',
      parameters,
    })
  const calling = (token: string) =>
    new Request(mail, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  return { as, asked, auth, calling, clock, login }
}

it('a user is the same one in another process, by keys that it fetched', async () => {
  const w = setUp()
  const { access_token } = await w.login({ scope: 'mail:read' })
  const [here, there] = await Promise.all([
    w.as.at(mail).authenticate(w.calling(access_token)),
    w.auth.authenticate(w.calling(access_token)),
  ])
  if (!here.ok || !there.ok) throw new Error('a good token was refused')
  expect(there.auth.extra.subject).toMatch(/^github\|\d+$/)
  expect(there.auth.extra.subject).toBe(here.auth.extra.subject)
  expect(there.auth.scopes).toEqual(['mail:read'])
  for (const member of ['scopes', 'clientId', 'expiresAt', 'resource', 'resourceMetadataUrl'] as const) {
    expect(there.auth[member]).toEqual(here.auth[member])
  }
  expect(there.auth.extra.issuer).toBe(here.auth.extra.issuer)
  expect(w.asked).toEqual([
    `${issuer}/.well-known/openid-configuration`,
    `${issuer}/.well-known/oauth-authorization-server`,
    `${issuer}/jwks`,
  ])
})

it('a token for another resource is none there', async () => {
  const w = setUp()
  const { access_token } = await w.login({ resource: `${issuer}/mcp` })
  expect(await w.auth.authenticate(w.calling(access_token))).toMatchObject({ ok: false })
})
