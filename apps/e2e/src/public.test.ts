import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { type Mcp, requireAuth } from '@drawbridge/mcp'
import * as v1 from '@drawbridge/mcp/v1'
import * as v2 from '@drawbridge/mcp/v2'
import { browser, devGitHub, fakeClock, type Listener } from '@drawbridge/testing'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort, type Start } from './frameworks.ts'
import { type Connect, type Installation, officialClientOf2026, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const provider = devGitHub()
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

const info = { name: 'library', version: '1.0.0' }
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const look = () => text('everybody may look')
const whoami = () => text(requireAuth<{ login: string }>().extra.user.login)
const write = () => text(`written by ${requireAuth<{ login: string }>().extra.user.login}`)

function serverV1(): McpServerV1 {
  const server = new McpServerV1(info)
  server.registerTool('look', {}, look)
  server.registerTool('whoami', {}, whoami)
  server.registerTool('write', {}, write)
  return server
}

function serverV2(): McpServerV2 {
  const server = new McpServerV2(info)
  server.registerTool('look', {}, look)
  server.registerTool('whoami', {}, whoami)
  server.registerTool('write', {}, write)
  return server
}

interface Setup {
  start: Start | undefined
  line: string
  sessions: boolean
  limits?: Parameters<typeof oauthProxy>[0]['limits']
  discovery?: boolean
}

/** A server with a public tool, one that takes a sign-in, and one that takes more. */
async function serving(
  { start, line, sessions, limits, discovery }: Setup,
  use: (url: string, clock: ReturnType<typeof fakeClock>) => Promise<void>,
): Promise<void> {
  const port = await freePort()
  const clock = fakeClock()
  const auth = oauthProxy({
    issuer: `http://127.0.0.1:${port}`,
    secret,
    clock,
    storage: memory({ clock }),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
    // Clients of SDK v1 refresh instead of stepping up; v2 never meets this.
    scopes: { supported: ['read', 'write'], default: ['read'], stepUp: 'refuse-refresh' },
    limits,
    log: false,
  })
  const options = {
    auth,
    sessions,
    public: { tools: ['look'], discovery },
    require: { scopes: ['read'], tools: { write: ['write'] } },
    onNotice() {},
  }
  const server: Mcp =
    line === 'v1' ? v1.mcp({ ...options, server: serverV1 }) : v2.mcp({ ...options, server: serverV2 })
  const running = await start?.(server, { port, prefix: '' })
  try {
    await use(`http://127.0.0.1:${port}/mcp`, clock)
  } finally {
    await server.close()
    await running?.close()
  }
}

const clients: Record<string, Connect> = { ...officialClients, 'v2 (2026-07-28)': officialClientOf2026 }

for (const [framework, start] of Object.entries(frameworks)) {
  describe(`a server with public tools, on ${framework}`, () => {
    for (const line of ['v1', 'v2']) {
      for (const [name, connect] of Object.entries(clients)) {
        for (const sessions of [false, true]) {
          // Each way once, and sessions where they make a difference.
          if (sessions && (framework !== 'hono' || name.includes('2026'))) continue
          it(`of SDK ${line}: the official ${name} client looks around, signs in when a tool takes it, and steps up${sessions ? ' (sessions)' : ''}`, () =>
            serving({ start, line, sessions }, async (url) => {
              const installation: Installation = { logins: 0 }
              const client = await connect(url, installation, browser())
              expect(await client.listTools()).toEqual(['look', 'whoami', 'write'])
              expect(await client.callTool('look')).toEqual({ text: 'everybody may look', isError: false })
              expect(installation).toEqual({ logins: 0 })

              expect(await client.callTool('whoami')).toEqual({ text: 'octocat', isError: false })
              expect([installation.logins, installation.tokens?.scope]).toEqual([1, 'read'])
              expect((await client.callTool('look')).text).toBe('everybody may look')

              expect(await client.callTool('write')).toEqual({ text: 'written by octocat', isError: false })
              expect(installation.logins).toBe(2)
              expect(installation.tokens?.scope?.split(' ').sort()).toEqual(['read', 'write'])
              expect((await client.callTool('whoami')).text).toBe('octocat')
              expect(installation.logins).toBe(2)
              await client.close()
            }))
        }
      }
    }
  })
}

describe.each(Object.entries(frameworks))('somebody without a token, on %s', (_, start) => {
  it('gets no further by what the framework makes of a request', () =>
    serving({ start, line: 'v1', sessions: true }, async (url) => {
      const call = (name: string, more: object = {}) =>
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name, arguments: {} },
          ...more,
        })
      const post = async (body: string, more: Record<string, string> = {}) => {
        const accept = 'application/json, text/event-stream'
        const headers = { accept, 'content-type': 'application/json', ...more }
        const response = await fetch(url, { method: 'POST', headers, body })
        return [response.status, await response.text(), response.headers.get('mcp-session-id')] as const
      }
      expect(await post(call('look'))).toEqual([200, expect.stringContaining('everybody may look'), null])
      for (const [body, headers] of [
        [call('write'), {}],
        [call('look'), { authorization: '' }],
        [call('look'), { authorization: 'Basic b2N0bzpjYXQ=' }],
        [call('look'), { authorization: 'Bearer stale' }],
        [call('look', { filler: 'x'.repeat(70_000) }), {}],
        [call('write'), { 'x-http-method-override': 'GET' }],
        [call('write'), { 'mcp-method': 'tools/list', 'mcp-name': 'look' }],
        [call('write'), { 'mcp-session-id': crypto.randomUUID() }],
        [`[${call('look')},${call('write')}]`, {}],
        [call('look').replace('"name":', '"name":"look","name":').replace('"look","arg', '"write","arg'), {}],
      ] as [string, Record<string, string>][]) {
        const shown = [headers, body.slice(0, 99)]
        const [status, text] = await post(body, headers)
        expect([...shown, status]).toEqual([...shown, 401])
        expect(text).not.toContain('everybody may look')
      }
      // A server on loopback is for no pages of elsewhere, whoever has signed in.
      for (const origin of ['https://evil.test', 'null']) {
        expect((await post(call('look'), { origin }))[0]).toBe(403)
      }
      for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'HEAD']) {
        const response = await fetch(url, { method, headers: { accept: 'text/event-stream' } })
        expect([method, response.status]).toEqual([method, 405])
      }
      const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://localhost:6274' } })
      expect(preflight.status).toBe(204)
    }))
})

describe.each(Object.entries(clients))('the official %s client', (_, connect) => {
  it('signs in as it connects, where nothing is told without a token', () =>
    serving({ start: frameworks.node, line: 'v2', sessions: true, discovery: false }, async (url) => {
      const installation: Installation = { logins: 0 }
      const client = await connect(url, installation, browser())
      expect(installation.logins).toBe(1)
      expect(await client.listTools()).toHaveLength(3)
      expect((await client.callTool('whoami')).text).toBe('octocat')
      expect((await client.callTool('look')).text).toBe('everybody may look')
      await client.close()
    }))
})

describe.each(Object.entries(clients))('the official %s client without a token', (_, connect) => {
  const limits = { key: () => 'everybody', requests: { anonymous: 20 } }

  it('that sent too much hears so, opens no browser for it, and goes on when it may', () =>
    serving({ start: frameworks.node, line: 'v2', sessions: false, limits }, async (url, clock) => {
      const installation: Installation = { logins: 0 }
      const client = await connect(url, installation, browser())
      const useUp = async () => {
        for (let turn = 0; turn < 20; turn++) await client.callTool('look')
      }
      await expect(useUp()).rejects.toThrow(/too many requests|429/i)
      await expect(connect(url, { logins: 0 }, browser())).rejects.toThrow(/too many requests|429/i)
      expect(installation).toEqual({ logins: 0 })
      clock.advance(60)
      expect((await client.callTool('look')).text).toBe('everybody may look')
      expect((await client.callTool('whoami')).text).toBe('octocat')
      await client.close()
    }))
})
