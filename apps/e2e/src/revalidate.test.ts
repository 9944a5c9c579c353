import { memory } from '@drawbridge/core'
import { mcp } from '@drawbridge/mcp'
import { counting, failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, type Installation } from './administration.fixture.ts'
import { createServer } from './mcp-server.ts'
import { issuer, resource, type World, world } from './world.ts'

const minute = 60
const hour = 60 * minute

describe('an open stream', () => {
  /** A session of the official kind with its GET stream open. */
  async function listening(w: World, { access_token }: Installation) {
    const served = mcp({ auth: w.auth, server: () => createServer('unused'), sessions: true, clock: w.clock })
    const headers = { authorization: `Bearer ${access_token}`, accept: 'application/json, text/event-stream' }
    const first = await served.fetch(
      new Request(resource, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 0,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'test', version: '1.0.0' },
          },
        }),
      }),
    )
    await first.text()
    const session = { ...headers, 'mcp-session-id': first.headers.get('mcp-session-id') ?? '' }
    const listen = () => served.fetch(new Request(resource, { headers: session }))
    const response = await listen()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    let ended = false
    void response.text().then(() => {
      ended = true
    })
    return {
      listen,
      /** Whether it has ended once this much time has passed. */
      async endedAfter(seconds: number) {
        w.clock.advance(seconds)
        for (let turn = 0; turn < 20 && !ended; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
        return ended
      },
    }
  }

  const ends: [string, (w: World, user: Installation) => Promise<unknown>][] = [
    ['the client revoked its token', (_, { app, refresh_token }) => app.revoke(refresh_token)],
    [
      'an operator revoked the grant, on another instance',
      async (w) => {
        const [grant] = await w.instance().grants.list('github|1001')
        await w.instance().grants.revoke(grant?.id ?? '')
      },
    ],
    ['the user was disconnected', (w) => w.auth.grants.revokeAll('github|1001')],
    ['the client was deleted', (w, { app }) => w.auth.clients.delete(app.credentials?.client_id ?? '')],
  ]

  it.each(ends)('ends within a minute after %s', async (_, act) => {
    const w = world()
    const user = await connect(w)
    const { endedAfter, listen } = await listening(w, user)
    expect(await endedAfter(5 * minute)).toBe(false)
    await act(w, user)
    expect(await endedAfter(minute)).toBe(true)
    expect((await listen()).status).toBe(401)
  })

  it("stays open when somebody else's grant ends, and when its own is refreshed", async () => {
    const w = world()
    const [user, other] = [await connect(w), await connect(w)]
    const { endedAfter } = await listening(w, user)
    await other.app.revoke(other.refresh_token)
    await user.app.refresh(user.refresh_token)
    for (let passed = 0; passed < 5; passed++) expect(await endedAfter(minute)).toBe(false)
  })

  it('stays open through an outage of the store, and ends with its token', async () => {
    let down = false
    const w = world({ storage: failing(memory(), () => down) })
    const user = await connect(w)
    const { endedAfter } = await listening(w, user)
    down = true
    for (let passed = 1; passed < 60; passed++) expect(await endedAfter(minute)).toBe(false)
    expect(await endedAfter(minute)).toBe(true)
  }, 60_000)
})

describe('revalidate()', () => {
  it('says whether an authentication still stands', async () => {
    const w = world({ resources: { '/files': {}, '/mail': {} } })
    const app = w.client({ mcpUrl: undefined, issuer })
    const tokens = await app.login(w.browser(), {
      user: 'octocat',
      parameters: { resource: `${issuer}/files` },
    })
    const files = w.auth.at('/files')
    const request = new Request(`${issuer}/files`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const result = await files.authenticate(request)
    if (!result.ok) throw new Error('refused')
    expect(await files.revalidate(result.auth)).toBe(true)
    await app.refresh(tokens.refresh_token)
    expect(await files.revalidate(result.auth)).toBe(true)
    w.clock.advance(hour)
    expect(await files.revalidate(result.auth)).toBe(false)
  })

  it('reads the store once, and nothing at all for a token that has ended', async () => {
    const storage = counting(memory())
    const w = world({ storage })
    const user = await connect(w)
    const request = new Request(resource, { headers: { authorization: `Bearer ${user.access_token}` } })
    const result = await w.auth.authenticate(request)
    if (!result.ok) throw new Error('refused')
    storage.reset()
    expect(await w.auth.revalidate(result.auth)).toBe(true)
    expect(storage.operations).toBe(1)
    w.clock.advance(hour)
    storage.reset()
    expect(await w.auth.revalidate(result.auth)).toBe(false)
    expect(storage.operations).toBe(0)
  })
})
