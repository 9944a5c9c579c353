import type { AuthInfo, UpstreamToken } from '@drawbridge/core'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { expect, expectTypeOf, test } from 'vitest'
import { getAuth, getRequest, getUpstreamToken, mcp, type ServerContext } from './index.ts'
import {
  bearer,
  call,
  connected,
  countingServers,
  fakeAuth,
  initialize,
  post,
  toolText,
  type User,
} from './mcp.fixture.ts'

test('tools know who calls them, and see no credentials in headers', async () => {
  const servers = countingServers()
  const served = mcp({ auth: fakeAuth({ 'token-1': { subject: 'github|7' } }), server: servers.create })
  const { client } = await connected(served, 'token-1', { 'accept-language': 'eo', cookie: 'sid=secret' })
  expect(JSON.parse(await toolText(client, 'whoami'))).toEqual({
    token: 'token-1',
    sdkToken: 'token-1',
    name: 'github|7',
    language: 'eo',
    credentials: [null, null],
    sdkCredentials: [null, null],
  })
  await client.close()
})

test('parallel requests see each its own', async () => {
  const tokens = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`t${n}`, { subject: `u${n}` }]))
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: countingServers().create, responses: 'json' })
  const answers = await Promise.all(
    Object.keys(tokens).map(async (token) => {
      const response = await fetch(post(call('whoami'), bearer(token)))
      const { result } = await response.json()
      const { token: seen, sdkToken, name } = JSON.parse(result.content[0].text)
      return [token, seen, sdkToken, name]
    }),
  )
  expect(answers).toEqual(Object.keys(tokens).map((token, n) => [token, token, token, `u${n}`]))
})

test('the factory is told about its request', async () => {
  const seen: unknown[] = []
  const served = mcp({
    auth: fakeAuth({ good: { subject: 'github|7' } }),
    server: ({ auth, request }) => {
      expectTypeOf(auth).toEqualTypeOf<AuthInfo<User>>()
      seen.push(auth.extra.user.name, request.headers.get('authorization'), request.headers.get('x-tenant'))
      seen.push(getAuth().token)
      return countingServers().create()
    },
  })
  await served.fetch(post(initialize, { ...bearer('good'), 'x-tenant': 'acme' }))
  expect(seen).toEqual(['github|7', null, 'acme', 'good'])
})

test('types follow the Auth', () => {
  const auth = fakeAuth({})
  const create = (_context: ServerContext<User>) => new McpServer({ name: 'x', version: '1' })
  mcp({ auth, server: create })
  mcp({ auth, server: async () => new McpServer({ name: 'x', version: '1' }) })
  mcp({ auth, server: () => new McpServer({ name: 'x', version: '1' }).server })
  const others = (_context: ServerContext<{ login: number }>) => new McpServer({ name: 'x', version: '1' })
  // @ts-expect-error: the factory expects another user than the Auth knows
  mcp({ auth, server: others })
  expectTypeOf(getAuth<User>).returns.toEqualTypeOf<AuthInfo<User>>()
})

test('outside a request there is nothing to tell', async () => {
  expect(() => getAuth()).toThrow('getAuth() was called outside an MCP request')
  expect(() => getRequest()).toThrow('getRequest() was called outside an MCP request')
  await expect(getUpstreamToken()).rejects.toThrow('getUpstreamToken() was called outside an MCP request')
})

test("the provider's token is that of the calling user", async () => {
  const served = mcp({
    auth: fakeAuth(
      { a: { subject: 'alice' }, b: { subject: 'bob' } },
      {
        upstream: ({ extra }): UpstreamToken => ({
          access_token: `up-${extra.subject}`,
          scopes: [],
          provider: 'github',
        }),
      },
    ),
    server: upstreamServer,
  })
  const [alice, bob] = await Promise.all([connected(served, 'a'), connected(served, 'b')])
  expect(await Promise.all([toolText(alice.client, 'upstream'), toolText(bob.client, 'upstream')])).toEqual([
    'up-alice',
    'up-bob',
  ])
})

test('an Auth without upstream tokens says so, and what to use', async () => {
  const served = mcp({ auth: fakeAuth({ a: {} }), server: upstreamServer })
  const { client } = await connected(served, 'a')
  expect(await toolText(client, 'upstream')).toMatch(/NoUpstreamToken.*only checks tokens.*oauthProxy/)
})

function upstreamServer(): McpServer {
  const server = new McpServer({ name: 'upstream', version: '1.0.0' })
  server.registerTool('upstream', {}, async () => {
    const text = await getUpstreamToken().then(({ access_token }) => access_token, String)
    return { content: [{ type: 'text', text }] }
  })
  return server
}
