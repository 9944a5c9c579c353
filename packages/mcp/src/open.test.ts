import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer } from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import { call, initialize, post } from './mcp.fixture.ts'
import { answerIn, message, modern } from './public.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

const local = 'http://localhost:3000/mcp'

function served(line: 'v1' | 'v2', more: object = {}) {
  const notices: string[] = []
  const options = { onNotice: (text: string) => notices.push(text), ...more }
  const tools = {
    whoami: async () => String(v1.getAuth()),
    require: async () => v1.requireAuth().token,
    upstream: async () =>
      v1.getUpstreamToken().then(
        () => 'a token',
        (error: Error) => error.name,
      ),
    fetched: async () =>
      v1.upstreamFetch('https://acme.test').then(
        () => 'fetched',
        (error: Error) => error.name,
      ),
  }
  const handlers = Object.entries(tools).map(
    ([name, run]) =>
      [name, async () => ({ content: [{ type: 'text' as const, text: await run() }] })] as const,
  )
  const info = { name: 'open', version: '1.0.0' }
  const mcp =
    line === 'v1'
      ? v1.mcp({
          ...options,
          server: () => {
            const server = new McpServerV1(info)
            for (const [name, run] of handlers) server.registerTool(name, {}, run)
            return server
          },
        })
      : v2.mcp({
          ...options,
          server: () => {
            const server = new McpServer(info)
            for (const [name, run] of handlers) server.registerTool(name, {}, run)
            return server
          },
        })
  return { ...mcp, notices }
}

describe.each(['v1', 'v2'] as const)('an mcp() of %s without an auth', (line) => {
  const textOf = async (response: Response) => {
    const { result } = (await answerIn(response)) as { result: { content: { text: string }[] } }
    return result.content[0]?.text
  }

  test('serves everybody, and says so', async () => {
    const { fetch, notices } = served(line)
    expect(notices).toEqual([expect.stringMatching(/no `auth`\. Everybody .* can use all of it/)])
    expect((await fetch(post(initialize, {}, local))).status).toBe(200)
    expect(await textOf(await fetch(post(call('whoami'), {}, local)))).toBe('undefined')
    // Nobody here checks a token, so that a stale one is no reason to refuse.
    expect((await fetch(post(call('whoami'), { authorization: 'Bearer stale' }, local))).status).toBe(200)
  })

  test('has handlers that hear by name that there is nobody, and asks nobody to sign in', async () => {
    const { fetch } = served(line)
    expect(await textOf(await fetch(post(call('upstream'), {}, local)))).toBe('NoUpstreamToken')
    expect(await textOf(await fetch(post(call('fetched'), {}, local)))).toBe('NoUpstreamToken')
    const asked = await fetch(post(call('require'), {}, local))
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([200, null])
    expect(await answerIn(asked)).toMatchObject({ result: { isError: true } })
  })

  test('is for this machine alone until other hosts and pages are named', async () => {
    const { fetch } = served(line)
    expect((await fetch(post(call('whoami'), { host: 'rebound.evil.test' }, local))).status).toBe(403)
    expect((await fetch(post(call('whoami'), { origin: 'https://evil.test' }, local))).status).toBe(403)
    expect((await fetch(post(call('whoami'), { origin: 'null' }, local))).status).toBe(403)
    expect((await fetch(post(call('whoami'), { origin: 'http://localhost:6274' }, local))).status).toBe(200)
    const named = served(line, { allowedHosts: ['mcp.acme.dev'], allowedOrigins: ['https://app.acme.dev'] })
    const url = 'https://mcp.acme.dev/mcp'
    expect((await named.fetch(post(call('whoami'), { origin: 'https://app.acme.dev' }, url))).status).toBe(
      200,
    )
    expect((await named.fetch(post(call('whoami'), {}, local))).status).toBe(403)
  })

  test('answers preflights, and nothing at the paths where clients look for a sign-in', async () => {
    const { fetch, handle, routes } = served(line)
    const headers = { origin: 'http://localhost:6274', 'access-control-request-method': 'POST' }
    const preflight = await fetch(new Request(local, { method: 'OPTIONS', headers }))
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    for (const path of [
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-authorization-server/mcp',
      '/.well-known/oauth-authorization-server',
      '/.well-known/openid-configuration',
      '/register',
    ]) {
      const request = new Request(new URL(path, local))
      expect([path, (await fetch(request)).status, await handle(request)]).toEqual([path, 404, undefined])
    }
    expect(routes.filter(({ path }) => !path.startsWith('/mcp'))).toEqual([])
  })

  test('refuses methods it has no use for', async () => {
    const { fetch } = served(line)
    expect((await fetch(new Request(local))).status).toBe(405)
    expect((await fetch(new Request(local, { method: 'DELETE' }))).status).toBe(405)
  })

  test('keeps sessions, known by their ids alone', async () => {
    const { fetch } = served(line, { sessions: true })
    const response = await fetch(post(initialize, {}, local))
    const id = response.headers.get('mcp-session-id') ?? ''
    await response.text()
    expect((await fetch(post(call('whoami'), { 'mcp-session-id': id }, local))).status).toBe(200)
    expect((await fetch(post(call('whoami'), { 'mcp-session-id': crypto.randomUUID() }, local))).status).toBe(
      404,
    )
  })

  test('takes no options that are about somebody who signs in', () => {
    expect(() => served(line, { public: { tools: ['whoami'] } })).toThrow(
      /^public: is for servers that know who is calling/,
    )
    expect(() => served(line, { require: { scopes: ['a'] } })).toThrow(
      /^require: is for servers that know who is calling/,
    )
    expect(() => served(line, { auth: undefined })).toThrow(/^auth: is not an Auth/)
  })

  test('is used by both official clients, and nobody is sent to sign in', async () => {
    const { fetch } = served(line)
    const asked: string[] = []
    const send = (url: string | URL, init?: RequestInit) => {
      asked.push(new URL(url).pathname)
      return fetch(new Request(url, init))
    }
    const authProvider = {
      redirectUrl: 'http://127.0.0.1/callback',
      clientMetadata: { client_name: 'x', redirect_uris: ['http://127.0.0.1/callback'] },
      clientInformation: () => undefined,
      saveClientInformation() {},
      tokens: () => undefined,
      saveTokens() {},
      redirectToAuthorization() {
        throw new Error('nobody is to sign in here')
      },
      saveCodeVerifier() {},
      codeVerifier: () => '',
    }
    const clients = [
      [
        new ClientV1({ name: 'x', version: '1' }),
        new TransportV1(new URL(local), { fetch: send, authProvider }),
      ],
      [
        new ClientV2({ name: 'x', version: '1' }),
        new TransportV2(new URL(local), { fetch: send, authProvider }),
      ],
    ] as const
    for (const [client, transport] of clients) {
      await client.connect(transport as never)
      expect((await client.listTools()).tools).toHaveLength(4)
      expect(await client.callTool({ name: 'whoami' })).toMatchObject({ content: [{ text: 'undefined' }] })
      await client.close()
    }
    expect(new Set(asked)).toEqual(new Set(['/mcp']))
  })
})

test('an open mcp() of v2 answers the protocol without sessions', async () => {
  const { fetch } = served('v2')
  const request = modern(message('tools/call', { name: 'whoami' }))
  const response = await fetch(
    new Request(local, { method: 'POST', headers: request.headers, body: await request.text() }),
  )
  expect(response.status).toBe(200)
})
