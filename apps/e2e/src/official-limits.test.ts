import { memory, type OAuthServerWithDefault, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { mcp } from '@drawbridge/mcp'
import { browser, devGitHub, fakeClock, type Listener } from '@drawbridge/testing'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameworks, freePort } from './frameworks.ts'
import { type Installation, type OfficialClient, officialClients } from './official-clients.ts'
import { secret } from './world.ts'

const provider = devGitHub()
let listener: Listener

beforeAll(async () => {
  listener = await provider.listen()
})
afterAll(() => listener.close())

function createServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  server.registerTool('look', {}, () => ({ content: [{ type: 'text', text: 'seen' }] }))
  return server
}

/** A server that limits everybody together, its clock, and what uses the limits up. */
async function serving(use: (server: Served) => Promise<void>) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const clock = fakeClock()
  const auth = oauthProxy({
    issuer,
    secret,
    clock,
    storage: memory({ clock }),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: listener.url }),
    limits: { key: () => 'everybody', requests: { register: 5, token: 5 } },
    log: false,
  })
  const server = mcp({ auth, server: createServer })
  const running = await frameworks.express?.(server, { port, prefix: '' })
  const useUp = async (path: string) => {
    const init = () => ({ method: 'POST', body: new URLSearchParams({ grant_type: 'nonsense' }) })
    let answer = await fetch(issuer + path, init())
    for (let turn = 0; answer.status !== 429 && turn < 10; turn++) answer = await fetch(issuer + path, init())
    expect(answer.status).toBe(429)
  }
  try {
    await use({ url: `${issuer}/mcp`, auth, clock, useUp })
  } finally {
    await server.close()
    await running?.close()
  }
}

interface Served {
  url: string
  auth: OAuthServerWithDefault
  clock: ReturnType<typeof fakeClock>
  useUp(path: string): Promise<void>
}

describe.each(Object.entries(officialClients))('the official %s client', (_, connect) => {
  it('goes on with its refresh token while its sender is over the limit', () =>
    serving(async ({ url, clock, useUp }) => {
      const installation: Installation = { logins: 0 }
      const client = await connect(url, installation, browser())
      const before = installation.tokens?.access_token
      clock.advance(3700)
      await useUp('/token')
      expect((await client.callTool('look')).text).toBe('seen')
      expect(installation.logins).toBe(1)
      expect(installation.tokens?.access_token).not.toBe(before)
      await client.close()
    }))

  it('neither opens a browser nor drops its tokens when it is put off, and signs in once it is told to', () =>
    serving(async ({ url, auth, clock, useUp }) => {
      const installation: Installation = { logins: 0 }
      const client = await connect(url, installation, browser())
      const kept = { ...installation }
      const headers = { authorization: `Bearer ${installation.tokens?.access_token}` }
      const result = await auth.authenticate(new Request(auth.resource, { headers }))
      if (!result.ok) throw new Error('not signed in')
      await useUp('/token')
      // Ends the client's stream too, so that it comes back by itself and is put off as well.
      await auth.grants.revokeAll(result.auth.extra.subject)
      await expect(client.callTool('look')).rejects.toThrow(/too many requests/i)
      expect(installation).toEqual(kept)
      clock.advance(60)
      expect((await client.callTool('look')).text).toBe('seen')
      expect(installation.logins).toBeGreaterThan(1)
      await client.close()
    }))

  it.each<[string, number]>([
    ['/register', 0],
    ['/token', 1],
  ])(
    'that connects for the first time and is put off at %s opens no browser for it, and connects later',
    (path, logins) =>
      serving(async ({ url, clock, useUp }) => {
        const installation: Installation = { logins: 0 }
        await useUp(path)
        const early: OfficialClient | Error = await connect(url, installation, browser()).catch(
          (error: Error) => error,
        )
        expect(early).toMatchObject({ message: expect.stringMatching(/too many requests/i) })
        expect(installation.logins).toBe(logins)
        clock.advance(60)
        const client = await connect(url, installation, browser())
        expect((await client.callTool('look')).text).toBe('seen')
        expect(installation.logins).toBe(logins + 1)
        await client.close()
      }),
  )
})
