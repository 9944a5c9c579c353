import { memory, type OAuthServerWithDefault, oauthProxy, type ScopeOptions } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { getAuth, mcp } from '@drawbridge/mcp'
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
      content: [{ type: 'text', text: getAuth().scopes.join(' ') }],
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
    revokeAll(): Promise<void>
  }) => unknown,
) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }
  const auth = oauthProxy({
    issuer,
    secret,
    storage: memory(),
    provider: github(credentials),
    scopes: options,
  })
  const require = { tools: { write: ['files:write'] }, hideTools: false }
  const server = mcp({ auth, require, server: createServer })
  const running = await frameworks.express?.(server, { port, prefix: '' })
  const installation: Installation = { logins: 0 }
  try {
    const client = await connect(`${issuer}/mcp`, installation, browser())
    const { extra } = await subjectOf(auth, installation)
    await use({
      client,
      installation,
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
})
