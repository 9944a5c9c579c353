import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, devGitHub, fakeClock, type Network, network, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { issuer, secret, upstreamHost } from './world.ts'

const mail = 'https://mail.test/mcp'
const well = '/.well-known/oauth-protected-resource'

function setUp() {
  const clock = fakeClock()
  const hub = devGitHub({ clock })
  const auth = oauthProxy({
    issuer,
    secret,
    storage: memory({ clock }),
    clock,
    fetch: (...given) => internet(...given),
    log: false,
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }),
    resources: { '/mcp': { scopes: ['files:read'] }, [mail]: { scopes: ['mail:send'] } },
  })
  const serving = (path: '/mcp' | typeof mail) => async (request: Request) => {
    const gate = auth.at(path)
    const answer = await gate.handle(request)
    if (answer) return answer
    const result = await gate.authenticate(request)
    return result.ok ? Response.json(result.auth) : result.response
  }
  const internet: Network = network({
    [upstreamHost]: hub.fetch,
    [issuer]: serving('/mcp'),
    'https://mail.test': serving(mail),
  })
  const call = (url: string, token: string | undefined) =>
    internet(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  const login = async (mcpUrl: string) =>
    oauthClient({ mcpUrl, fetch: internet }).login(browser({ fetch: internet, clock }), { user: 'octocat' })
  return { auth, call, fetch: internet, login }
}

it('a client of each host gets in there, as the same user, and nowhere else', async () => {
  const { call, login } = setUp()
  const subjects = new Set<unknown>()
  for (const [here, there, scope] of [
    [`${issuer}/mcp`, mail, 'files:read'],
    [mail, `${issuer}/mcp`, 'mail:send'],
  ] as const) {
    const tokens = await login(here)
    expect(tokens.scope).toBe(scope)
    const answer = await call(here, tokens.access_token)
    expect(answer.status).toBe(200)
    const { resource, extra } = await answer.json()
    expect(resource).toBe(here)
    subjects.add(extra.subject)
    expect((await call(there, tokens.access_token)).status).toBe(401)
  }
  expect(subjects.size).toBe(1)
})

it('each serves its own metadata and no other, also where both have one path', async () => {
  const { auth } = setUp()
  const described = async (from: Pick<typeof auth, 'handle'>, path: string) => {
    // Whatever the Host says: it is not what decides.
    const answer = await from.handle(new Request(`https://elsewhere.test${path}`))
    return answer && (await answer.json()).resource
  }
  for (const path of [`${well}/mcp`, well]) {
    expect(await described(auth.at('/mcp'), path)).toBe(`${issuer}/mcp`)
    expect(await described(auth.at(mail), path)).toBe(mail)
    expect(await described(auth, path)).toBe(`${issuer}/mcp`)
  }
  const { response } = (await auth.at(mail).authenticate(new Request(mail))) as { response: Response }
  expect(response.headers.get('www-authenticate')).toContain(
    `resource_metadata="https://mail.test${well}/mcp"`,
  )
})

it("the authorization server is at the issuer's host only, and names them all", async () => {
  const { auth, fetch } = setUp()
  const paths = auth.at(mail).routes.map(({ path }) => path)
  expect(new Set(paths)).toEqual(new Set([`${well}/mcp`, well]))
  expect(auth.at('/mcp').routes.map(({ path }) => path)).toContain('/token')
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  expect(metadata.protected_resources).toEqual([`${issuer}/mcp`, mail])
})

it('one that is the default is described by the server itself, which is its gate', async () => {
  const provider = github({ clientId: 'a', clientSecret: 'b' })
  const base = { issuer, secret, storage: memory(), log: false, provider } as const
  for (const auth of [
    oauthProxy({ ...base, resources: { [mail]: {} } }),
    oauthProxy({ ...base, resources: { [mail]: { default: true }, '/mcp': {} } }),
  ]) {
    expect(auth.resource).toBe(mail)
    const answer = await auth.handle(new Request(`https://mail.test${well}/mcp`))
    expect(await answer?.json()).toMatchObject({ resource: mail })
    const paths = auth.routes.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
  }
})

it('beside one another on one host, each still serves only its own', async () => {
  const provider = github({ clientId: 'a', clientSecret: 'b' })
  const resources = { '/files': {}, '/mail': {} }
  const auth = oauthProxy({ issuer, secret, storage: memory(), log: false, provider, resources })
  const asked = () => new Request(`${issuer}${well}/mail`)
  expect(await auth.at('/files').handle(asked())).toBeUndefined()
  expect((await auth.at('/mail').handle(asked()))?.status).toBe(200)
  expect((await auth.handle(asked()))?.status).toBe(200)
})

it.each([
  ['http://mail.test/mcp', /^resources: "http:\/\/mail\.test\/mcp"/],
  ['https://mail.test/mcp?a=b', /^resources: .* query/],
  ['https://mail.test/mcp#a', /^resources: /],
  ['https://user@mail.test/mcp', /^resources: /],
  [`${issuer}/mcp`, /^resources: .*twice/],
  ['HTTPS://MCP.test/mcp', /^resources: .*twice/],
  ['mail.test/mcp', /^resources: "mail\.test\/mcp" is not a path/],
])('%s is none', (given, message) => {
  const provider = github({ clientId: 'a', clientSecret: 'b' })
  const resources = { '/mcp': {}, [given]: {} }
  expect(() => oauthProxy({ issuer, secret, storage: memory(), log: false, provider, resources })).toThrow(
    message,
  )
})
