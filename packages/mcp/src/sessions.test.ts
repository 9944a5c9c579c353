import { expect } from 'vitest'
import { onEachLineWithSessions as onEachLine, type SdkLine } from './lines.fixture.ts'
import {
  bearer,
  call,
  fakeAuth,
  initialize,
  manualClock,
  post,
  resource,
  type Token,
  toolText,
  until,
} from './mcp.fixture.ts'
import type { EndpointOptions } from './options.ts'

const far = Math.floor(Date.now() / 1000) + 10 * 365 * 86_400
const tokens: Record<string, Token> = {
  alice: { subject: 'alice', expiresAt: far },
  refreshed: { subject: 'alice', expiresAt: far },
  bob: { subject: 'bob', expiresAt: far },
  otherClient: { subject: 'alice', clientId: 'client-2', expiresAt: far },
  otherIssuer: { subject: 'alice', issuer: 'https://other.example', expiresAt: far },
}

function sessionful({ mcp, servers: make }: SdkLine, options: Partial<EndpointOptions> = {}) {
  const servers = make()
  const clock = manualClock()
  const served = mcp({ sessions: true, clock, ...options, auth: fakeAuth(tokens), server: servers.create })
  const begin = async (token: string) => {
    const response = await served.fetch(post(initialize, bearer(token)))
    await response.text()
    return response.headers.get('mcp-session-id') ?? ''
  }
  const ping = async (token: string, session: string) => {
    const body = { jsonrpc: '2.0', id: 9, method: 'ping' }
    const response = await served.fetch(post(body, { ...bearer(token), 'mcp-session-id': session }))
    await response.text()
    return response.status
  }
  return { ...served, servers, clock, begin, ping }
}

onEachLine.with(['sse', 'json'])(
  'the official client keeps one server for its session: %s',
  async (line, responses) => {
    const { servers, ...served } = sessionful(line, { responses })
    const { client, sessionId, leave } = await line.connected(served, 'alice')
    expect(sessionId()).toMatch(/^[0-9a-f-]{36}$/)
    expect(await toolText(client, 'echo', { say: 'hello' })).toBe('hello')
    expect(await toolText(client, 'echo', { say: 'again' })).toBe('again')
    expect(servers.made()).toBe(1)
    await leave()
    expect(servers.closed()).toBe(1)
    await client.close()
  },
)

onEachLine("a session is its principal's alone; for anyone else it does not exist", async (line) => {
  const { begin, ping, fetch } = sessionful(line)
  const session = await begin('alice')
  for (const token of ['bob', 'otherClient', 'otherIssuer'])
    expect([token, await ping(token, session)]).toEqual([token, 404])
  const stolen = { ...bearer('bob'), 'mcp-session-id': session, accept: 'text/event-stream' }
  expect((await fetch(new Request(resource, { headers: stolen }))).status).toBe(404)
  expect((await fetch(new Request(resource, { method: 'DELETE', headers: stolen }))).status).toBe(404)
  const unknown = await fetch(post(call('echo'), { ...bearer('bob'), 'mcp-session-id': crypto.randomUUID() }))
  const foreign = await fetch(post(call('echo'), { ...bearer('bob'), 'mcp-session-id': session }))
  expect(await foreign.text()).toBe(await unknown.text())
  expect(await ping('alice', session)).toBe(200)
})

onEachLine('without a good token a session id is worth nothing', async (line) => {
  const { begin, fetch } = sessionful(line)
  const session = await begin('alice')
  expect((await fetch(post(call('echo'), { 'mcp-session-id': session }))).status).toBe(401)
})

onEachLine('a refreshed token continues the session, and each request sees its own token', async (line) => {
  const { servers, ...served } = sessionful(line, { responses: 'json' })
  const session = await served.begin('alice')
  const whoami = async (token: string, id: number) => {
    const response = await served.fetch(
      post(call('whoami', {}, id), { ...bearer(token), 'mcp-session-id': session }),
    )
    const { result } = await response.json()
    const { token: seen, sdkToken } = JSON.parse(result.content[0].text)
    return [seen, sdkToken]
  }
  expect(await Promise.all([whoami('alice', 1), whoami('refreshed', 2)])).toEqual([
    ['alice', 'alice'],
    ['refreshed', 'refreshed'],
  ])
  expect(servers.made()).toBe(1)
})

onEachLine('DELETE ends a session', async (line) => {
  const { servers, begin, ping, fetch } = sessionful(line)
  const session = await begin('alice')
  const headers = { ...bearer('alice'), 'mcp-session-id': session }
  expect((await fetch(new Request(resource, { method: 'DELETE', headers }))).status).toBe(200)
  expect(await ping('alice', session)).toBe(404)
  expect(servers.closed()).toBe(1)
})

onEachLine('a session ends when idle, and stays while used or listened to', async (line) => {
  const { servers, clock, begin, ping, fetch } = sessionful(line, { sessions: { idleSeconds: 60 } })
  const session = await begin('alice')
  await clock.advance(59)
  expect(await ping('alice', session)).toBe(200)
  await clock.advance(59)
  expect(await ping('alice', session)).toBe(200)

  const headers = { ...bearer('alice'), 'mcp-session-id': session, accept: 'text/event-stream' }
  const stream = await fetch(new Request(resource, { headers }))
  await clock.advance(3600)
  expect(servers.closed()).toBe(0)
  await stream.body?.cancel()

  await clock.advance(60)
  expect(servers.closed()).toBe(1)
  expect(await ping('alice', session)).toBe(404)
})

onEachLine('the idle time is 30 minutes unless said otherwise', async (line) => {
  const { servers, clock, begin } = sessionful(line)
  await begin('alice')
  await clock.advance(30 * 60 - 1)
  expect(servers.closed()).toBe(0)
  await clock.advance(30 * 60)
  expect(servers.closed()).toBe(1)
})

onEachLine('one user cannot crowd out another, not with several clients either', async (line) => {
  const { begin, ping } = sessionful(line, { sessions: { maxPerUser: 2 } })
  const bob = await begin('bob')
  const first = await begin('alice')
  const second = await begin('alice')
  expect(await ping('alice', first)).toBe(200)
  const third = await begin('otherClient')
  expect(await ping('alice', second)).toBe(404)
  expect(await ping('alice', first)).toBe(200)
  expect(await ping('otherClient', third)).toBe(200)
  expect(await ping('bob', bob)).toBe(200)
})

onEachLine('the number of sessions is bounded; those in use go last', async (line) => {
  const { servers, begin, ping, fetch } = sessionful(line, { sessions: { max: 2 } })
  const listening = await begin('alice')
  const headers = { ...bearer('alice'), 'mcp-session-id': listening, accept: 'text/event-stream' }
  await fetch(new Request(resource, { headers }))
  const idle = await begin('bob')
  await begin('otherIssuer')
  expect(await ping('bob', idle)).toBe(404)
  expect(await ping('alice', listening)).toBe(200)
  expect(servers.made() - servers.closed()).toBe(2)
})

onEachLine('nothing is built for requests that begin no session', async (line) => {
  const { servers, fetch } = sessionful(line)
  const status = async (request: Request) => (await fetch(request)).status
  expect(await status(post(call('echo'), bearer('alice')))).toBe(400)
  expect(await status(post('{', bearer('alice')))).toBe(400)
  expect(
    await status(new Request(resource, { headers: { ...bearer('alice'), accept: 'text/event-stream' } })),
  ).toBe(400)
  expect(await status(new Request(resource, { method: 'DELETE', headers: bearer('alice') }))).toBe(400)
  expect(await status(new Request(resource, { method: 'PUT', headers: bearer('alice') }))).toBe(405)
  expect(servers.made()).toBe(0)
})

onEachLine('an initialize that fails leaves no session and no server', async (line) => {
  const { servers, fetch } = sessionful(line)
  const { params: _, ...broken } = initialize
  const response = await fetch(post(broken, bearer('alice')))
  expect(response.status).toBe(400)
  expect(response.headers.get('mcp-session-id')).toBeNull()
  expect(servers.made()).toBe(1)
  await until(() => servers.closed() === 1)
})

onEachLine('a session that ends does not leave a JSON answer hanging', async (line) => {
  const { servers, begin, fetch } = sessionful(line, { responses: 'json' })
  const headers = { ...bearer('alice'), 'mcp-session-id': await begin('alice') }
  const answer = fetch(post(call('wait'), headers))
  await until(() => servers.calls.includes('wait'))
  expect((await fetch(new Request(resource, { method: 'DELETE', headers }))).status).toBe(200)
  expect((await answer).status).toBe(404)
  expect(servers.aborted()).toBe(1)
})

onEachLine('a client that loses one answer keeps its session and its tool', async (line) => {
  const { servers, begin, ping, fetch, clock } = sessionful(line)
  const session = await begin('alice')
  const answer = fetch(post(call('wait'), { ...bearer('alice'), 'mcp-session-id': session }))
  await until(() => servers.calls.includes('wait'))
  await clock.advance(1)
  await (await answer).body?.cancel()
  expect(await ping('alice', session)).toBe(200)
  expect(servers.aborted()).toBe(0)
  servers.release()
})

onEachLine('close() ends all sessions and their streams', async (line) => {
  const { servers, begin, ping, fetch, close } = sessionful(line)
  const session = await begin('alice')
  await begin('bob')
  const headers = { ...bearer('alice'), 'mcp-session-id': session, accept: 'text/event-stream' }
  const stream = await fetch(new Request(resource, { headers }))
  await close()
  expect(servers.closed()).toBe(2)
  expect(await stream.text()).toBe('')
  expect(await ping('alice', session)).toBe(404)
})

onEachLine('a server that closes itself ends its session, which then counts no longer', async (line) => {
  const { create } = line.servers()
  const made: ReturnType<typeof create>[] = []
  const server = () => {
    const one = create()
    made.push(one)
    return one
  }
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server, sessions: { max: 2 } })
  const begin = async () => {
    const response = await fetch(post(initialize, bearer('alice')))
    await response.text()
    return response.headers.get('mcp-session-id') ?? ''
  }
  const status = async (session: string) =>
    (await fetch(post(call('echo', { say: 'x' }), { ...bearer('alice'), 'mcp-session-id': session }))).status
  const older = await begin()
  const closed = await begin()
  await made[1]?.close()
  expect(await status(closed)).toBe(404)
  const newer = await begin()
  expect([await status(older), await status(newer)]).toEqual([200, 200])
})

onEachLine('each session has its own idle time', async (line) => {
  const { servers, clock, begin } = sessionful(line, { sessions: { idleSeconds: 60 } })
  await begin('alice')
  await clock.advance(30)
  await begin('bob')
  await clock.advance(30)
  expect(servers.closed()).toBe(1)
  await clock.advance(29)
  expect(servers.closed()).toBe(1)
  await clock.advance(1)
  expect(servers.closed()).toBe(2)
})

onEachLine('a client that left before its stream began does not block the next one', async (line) => {
  const { begin, fetch } = sessionful(line)
  const headers = {
    ...bearer('alice'),
    'mcp-session-id': await begin('alice'),
    accept: 'text/event-stream',
  }
  await fetch(new Request(resource, { headers, signal: AbortSignal.abort() }))
  expect((await fetch(new Request(resource, { headers }))).status).toBe(200)
})

onEachLine('options that make no sense are refused at construction', (line) => {
  expect(() => sessionful(line, { sessions: { idleSeconds: 0 } })).toThrow('sessions.idleSeconds: is 0. ')
  expect(() => sessionful(line, { sessions: { max: 1.5 } })).toThrow('sessions.max: is 1.5. ')
  expect(() => sessionful(line, { sessions: { maxPerUser: -1 } })).toThrow('sessions.maxPerUser: is -1. ')
})
