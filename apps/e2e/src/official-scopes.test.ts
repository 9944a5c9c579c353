import {
  type DrawbridgeEvent,
  memory,
  type OAuthServerWithDefault,
  oauthProxy,
  type ScopeOptions,
} from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp, requireAuth } from '@drawbridge/mcp'
import { browser, devGitHub, type Listener } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { type Connect, type Installation, type OfficialClient, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const provider = devGitHub()
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

const scopes = { supported: ['files:read', 'files:write'], default: ['files:read'] }

/** Tools that tell what scopes they are called with; one of them needs `files:write`. */
function createServer(): McpServer {
  const server = new McpServer({ name: 'files', version: '1.0.0' })
  for (const tool of ['look', 'write']) {
    server.registerTool(tool, {}, () => ({
      content: [{ type: 'text', text: requireAuth().scopes.join(' ') }],
    }))
  }
  return server
}

/** Signs an official client in at a server with these scopes. */
async function connected(
  connect: Connect,
  options: ScopeOptions,
  use: (session: {
    client: OfficialClient
    installation: Installation
    events: readonly DrawbridgeEvent[]
    revokeAll(): Promise<void>
  }) => unknown,
) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const events: DrawbridgeEvent[] = []
  const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }
  const auth = oauthProxy({
    issuer,
    secret,
    storage: memory(),
    provider: github(credentials),
    scopes: options,
    log: false,
    onEvent: (event) => events.push(event),
  })
  const require = { tools: { write: ['files:write'] } }
  const server = mcp({ auth, require, server: createServer })
  const running = await frameworks.express?.(server, { port, prefix: '' })
  const installation: Installation = { logins: 0 }
  try {
    const client = await connect(`${issuer}/mcp`, installation, browser())
    const { extra } = await subjectOf(auth, installation)
    await use({
      client,
      installation,
      events,
      revokeAll: async () => void (await auth.grants.revokeAll(extra.subject)),
    })
    await client.close()
  } finally {
    await server.close()
    await running?.close()
  }
}

async function subjectOf(auth: OAuthServerWithDefault, { tokens }: Installation) {
  const headers = { authorization: `Bearer ${tokens?.access_token}` }
  const result = await auth.authenticate(new Request(auth.resource, { headers }))
  if (!result.ok) throw new Error('not signed in')
  return result.auth
}

describe.each(Object.entries(officialClients))('the official %s client', (_, connect) => {
  it('obtains exactly the default scopes', () =>
    connected(connect, scopes, async ({ client, installation }) => {
      expect(installation.tokens?.scope).toBe('files:read')
      expect((await client.callTool('look')).text).toBe('files:read')
      expect(installation.logins).toBe(1)
    }))

  it("obtains all of them with challenge: 'supported'", () =>
    connected(connect, { ...scopes, challenge: 'supported' }, async ({ client, installation }) => {
      expect(installation.tokens?.scope).toBe('files:read files:write')
      expect((await client.callTool('write')).text).toBe('files:read files:write')
      expect(installation.logins).toBe(1)
    }))

  it('obtains no offline_access that the operator wrote among the scopes', () => {
    const offline = { ...scopes, default: ['files:read', 'offline_access'] }
    return connected(connect, offline, async ({ client, installation }) => {
      expect(installation.tokens).toMatchObject({ scope: 'files:read', refresh_token: expect.any(String) })
      expect((await client.callTool('look')).text).toBe('files:read')
    })
  })
})

describe('the official v2 client', () => {
  const { v2 } = officialClients
  if (!v2) throw new Error('there is no v2')

  it('steps up when a tool needs more, and keeps what it had', () =>
    connected(v2, scopes, async ({ client, installation }) => {
      expect((await client.callTool('write')).text.split(' ').sort()).toEqual(['files:read', 'files:write'])
      expect(installation.logins).toBe(2)
      expect((await client.callTool('look')).text.split(' ')).toContain('files:write')
      expect(installation.logins).toBe(2)
    }))

  it('asks again for what it held when its sign-in was ended', () =>
    connected(v2, scopes, async ({ client, installation, revokeAll }) => {
      await client.callTool('write')
      await revokeAll()
      expect((await client.callTool('look')).text.split(' ').sort()).toEqual(['files:read', 'files:write'])
      expect(installation.logins).toBe(3)
    }))

  it('asks again for what it held when a broader scope covers it', () => {
    const supported = {
      'files:read': 'Read',
      'files:write': { description: 'Write', implies: ['files:read'] },
    }
    return connected(v2, { ...scopes, supported }, async ({ client, installation }) => {
      const both = ['files:read', 'files:write']
      expect((await client.callTool('write')).text.split(' ').sort()).toEqual(both)
      expect(installation.logins).toBe(2)
      expect((await client.callTool('look')).text.split(' ').sort()).toEqual(both)
    })
  })

  it('steps up as ever where a refresh after a 403 is refused: it makes none', () =>
    connected(v2, { ...scopes, stepUp: 'refuse-refresh' }, async ({ client, installation, events }) => {
      await client.callTool('write')
      expect(installation.logins).toBe(2)
      expect(events.filter(({ type }) => type === 'refresh.refused')).toEqual([])
    }))
})

describe('the official v1 client', () => {
  const { v1 } = officialClients
  if (!v1) throw new Error('there is no v1')

  it('cannot step up by itself: it refreshes, and gets the same again', () =>
    connected(v1, scopes, async ({ client, installation }) => {
      await expect(client.callTool('write')).rejects.toThrow(/403 after trying upscoping/)
      expect(installation.logins).toBe(1)
      expect((await client.callTool('look')).text).toBe('files:read')
    }))

  it('steps up where the refresh after a 403 is refused, and keeps its tokens until it has new ones', () =>
    connected(v1, { ...scopes, stepUp: 'refuse-refresh' }, async ({ client, installation, events }) => {
      const before = installation.tokens?.refresh_token
      const kept: unknown[] = []
      const { tokens } = installation
      Object.defineProperty(installation, 'tokens', {
        configurable: true,
        get: () => kept.at(-1) ?? tokens,
        set: (value) => kept.push(value),
      })
      expect((await client.callTool('write')).text.split(' ').sort()).toEqual(['files:read', 'files:write'])
      expect(installation.logins).toBe(2)
      // Replaced once, by those of the new sign-in, and never taken away.
      expect(kept).toMatchObject([{ refresh_token: expect.any(String) }])
      expect(installation.tokens?.refresh_token).not.toBe(before)
      expect(events.flatMap((event) => (event.type === 'refresh.refused' ? [event.reason] : []))).toEqual([
        'step_up',
      ])
      expect((await client.callTool('look')).text.split(' ')).toContain('files:write')
      expect(installation.logins).toBe(2)
    }))

  it('whose user declines keeps what it has', () =>
    connected(v1, { ...scopes, stepUp: 'refuse-refresh' }, async ({ client, installation }) => {
      const { tokens } = installation
      installation.declines = true
      await expect(client.callTool('write')).rejects.toThrow()
      expect(installation.logins).toBe(2)
      expect(installation.tokens).toBe(tokens)
      expect((await client.callTool('look')).text).toBe('files:read')
    }))
})
