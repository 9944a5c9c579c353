import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthInfo, UpstreamToken, UpstreamTokenOptions } from '@drawbridge/core'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { expect, expectTypeOf, test } from 'vitest'
import {
  contextOf,
  getRequest,
  getUpstreamToken,
  mcp,
  requireAuth,
  type ServerContext,
  upstreamFetch,
} from './index.ts'
import { onEachLine } from './lines.fixture.ts'
import { bearer, call, connected, fakeAuth, post, toolText, type User } from './mcp.fixture.ts'

onEachLine('tools know who calls them, and see no credentials in headers', async (line) => {
  const servers = line.servers()
  const served = line.mcp({ auth: fakeAuth({ 'token-1': { subject: 'github|7' } }), server: servers.create })
  const { client } = await line.connected(served, 'token-1', {
    'accept-language': 'eo',
    cookie: 'sid=secret',
  })
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

onEachLine('parallel requests see each its own', async (line) => {
  const tokens = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`t${n}`, { subject: `u${n}` }]))
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: line.servers().create, responses: 'json' })
  const answers = await Promise.all(
    Object.keys(tokens).map(async (token) => {
      const response = await fetch(line.post(call('whoami'), bearer(token)))
      const { result } = await response.json()
      const { token: seen, sdkToken, name } = JSON.parse(result.content[0].text)
      return [token, seen, sdkToken, name]
    }),
  )
  expect(answers).toEqual(Object.keys(tokens).map((token, n) => [token, token, token, `u${n}`]))
})

onEachLine('the factory is told about its request', async (line) => {
  const seen: unknown[] = []
  const served = line.mcp({
    auth: fakeAuth({ good: { subject: 'github|7' } }),
    server: ({ auth, request }) => {
      expectTypeOf(auth).toEqualTypeOf<AuthInfo<User>>()
      seen.push(auth.extra.user.name, request.headers.get('authorization'), request.headers.get('x-tenant'))
      seen.push(requireAuth().token)
      return line.servers().create()
    },
  })
  await served.fetch(line.post(line.hello, { ...bearer('good'), 'x-tenant': 'acme' }))
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
  expectTypeOf(requireAuth<User>).returns.toEqualTypeOf<AuthInfo<User>>()
})

test('what a handler is given tells of its own request, also where many share a session', async () => {
  const served = mcp({
    auth: fakeAuth({ first: {}, second: {} }),
    sessions: true,
    server: () => {
      const server = new McpServer({ name: 'x', version: '1' })
      server.registerTool('token', {}, async (extra) => {
        await new Promise((resolve) => setImmediate(resolve))
        return { content: [{ type: 'text', text: contextOf(extra).requireAuth().token }] }
      })
      return server
    },
  })
  const { client, transport } = await connected(served, 'first')
  const session = { 'mcp-session-id': transport.sessionId ?? '' }
  const tokens = ['first', 'second', 'first', 'second']
  const answers = await Promise.all(
    tokens.map(async (token, id) => {
      const response = await served.fetch(post(call('token', {}, id + 10), { ...bearer(token), ...session }))
      return /"text":"(\w+)"/.exec(await response.text())?.[1]
    }),
  )
  expect(answers).toEqual(tokens)
  await client.close()
})

test('outside a request there is nothing to tell', async () => {
  expect(() => requireAuth()).toThrow('requireAuth() was called outside an MCP request')
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

test('a tool says what the token must hold, to whoever looks for it', async () => {
  const wanted: (UpstreamTokenOptions | undefined)[] = []
  const gate = {
    ...fakeAuth({ a: {} }),
    upstreamToken: async (_auth: AuthInfo, options?: UpstreamTokenOptions) => {
      wanted.push(options)
      return { access_token: 'up', scopes: [], provider: 'github' }
    },
  }
  const scopes = ['mail:send']
  const served = mcp({
    auth: gate,
    server: () => {
      const server = new McpServer({ name: 'mail', version: '1.0.0' })
      server.registerTool('send', {}, async () => {
        await getUpstreamToken({ scopes, rejected: 'old' })
        const response = await upstreamFetch('data:text/plain,sent', { scopes })
        return { content: [{ type: 'text', text: await response.text() }] }
      })
      return server
    },
  })
  const { client } = await connected(served, 'a')
  expect(await toolText(client, 'send')).toBe('sent')
  expect(wanted).toEqual([{ scopes, rejected: 'old' }, { scopes }])
})

test('upstreamFetch() calls as the user, and once more with a newer token after a 401', async () => {
  const presented: (string | null)[] = []
  const api = createHttpServer((request, response) => {
    presented.push(request.headers.authorization ?? null)
    response.writeHead(request.headers.authorization === 'Bearer good' ? 200 : 401).end('answer')
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/user`
  const wanted: (UpstreamTokenOptions | undefined)[] = []
  const gate = {
    ...fakeAuth({ 'token-1': { subject: 'github|7' } }),
    upstreamToken: async (_auth: AuthInfo, options?: UpstreamTokenOptions) => {
      wanted.push(options)
      return { access_token: options?.rejected ? next : 'stale', scopes: [], provider: 'github' }
    },
  }
  let next = 'good'
  const served = mcp({
    auth: gate,
    responses: 'json',
    server: () => {
      const server = new McpServer({ name: 'upstream', version: '1.0.0' })
      server.registerTool('call', {}, async () => {
        const response = await upstreamFetch(url, { method: 'POST', body: 'x', scopes: ['mail:send'] })
        return { content: [{ type: 'text', text: String(response.status) }] }
      })
      return server
    },
  })
  const result = async () => {
    const response = await served.fetch(post(call('call'), bearer('token-1')))
    return (await response.json()).result.content[0].text
  }
  try {
    expect(await result()).toBe('200')
    expect(presented).toEqual(['Bearer stale', 'Bearer good'])
    expect(wanted).toEqual([{ scopes: ['mail:send'] }, { scopes: ['mail:send'], rejected: 'stale' }])
    // A provider that refuses the newer one too has the last word: no third try.
    presented.length = 0
    next = 'refused'
    expect(await result()).toBe('401')
    expect(presented).toEqual(['Bearer stale', 'Bearer refused'])
  } finally {
    await new Promise((resolve) => api.close(resolve))
  }
})
