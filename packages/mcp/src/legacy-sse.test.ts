import { McpServer, requireScopes } from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import { eventsOf, lines, type Options } from './events.fixture.ts'
import { bearer, call, fakeAuth, initialize, manualClock, post, type Token, until } from './mcp.fixture.ts'
import * as v2 from './v2.ts'

const far = Math.floor(Date.now() / 1000) + 10 * 365 * 86_400
const tokens: Record<string, Token> = {
  alice: { subject: 'alice', expiresAt: far },
  refreshed: { subject: 'alice', expiresAt: far + 1 },
  bob: { subject: 'bob', expiresAt: far },
  otherClient: { subject: 'alice', clientId: 'client-2', expiresAt: far },
}

const origin = 'https://mcp.acme.dev'

describe.each(Object.entries(lines))('%s', (_, line) => {
  function served(options: Partial<Options> = {}) {
    const clock = manualClock()
    const auth = fakeAuth(tokens)
    return {
      clock,
      ...line({ auth, legacySse: true, clock, streams: { keepAliveSeconds: 0 }, onNotice() {}, ...options }),
    }
  }

  function get(token?: string, url = `${origin}/mcp/sse`, signal?: AbortSignal) {
    const headers = { accept: 'text/event-stream', ...(token !== undefined && bearer(token)) }
    return new Request(url, { headers, ...(signal && { signal }) })
  }

  async function connected(endpoint: ReturnType<typeof served>, token = 'alice', signal?: AbortSignal) {
    const response = await endpoint.fetch(get(token, undefined, signal))
    expect(response.status).toBe(200)
    const events = eventsOf(response)
    const { data = '' } = (await events.next()) ?? {}
    const url = new URL(data, `${origin}/mcp/sse`).href
    const send = (message: unknown, as = token) => endpoint.fetch(post(message, bearer(as), url))
    return { events, url, send }
  }

  test('a connection begins with the place to post to, and answers come on its stream', async () => {
    const endpoint = served()
    const { events, url, send } = await connected(endpoint)
    expect(url).toMatch(/^https:\/\/mcp\.acme\.dev\/mcp\/messages\?sessionId=[0-9a-f-]{36}$/)
    const response = await send({
      ...initialize,
      params: { ...initialize.params, protocolVersion: '2024-11-05' },
    })
    expect(response.status).toBe(202)
    expect((await events.next())?.data).toContain('"serverInfo"')
    await send(call('echo', { say: 'hi' }))
    expect((await events.next())?.data).toContain('"hi"')
  })

  test('without a token there is nothing but the challenge, also where parts are public', async () => {
    for (const options of [{}, { public: { tools: ['echo'] } } as Partial<Options>]) {
      const endpoint = served(options)
      const { url } = await connected(endpoint)
      for (const request of [get(), get('unknown'), post(call('echo', { say: 'hi' }), {}, url)]) {
        const response = await endpoint.fetch(request)
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toContain('resource_metadata="')
      }
    }
  })

  test('it is its principal’s alone, and a refreshed token continues', async () => {
    const { events, send, url } = await connected(served())
    const unknown = url.replace(/[^=]+$/, crypto.randomUUID())
    const endpoint = served()
    const other = await connected(endpoint)
    for (const token of ['bob', 'otherClient'])
      expect((await send(call('echo', { say: 'x' }), token)).status).toBe(404)
    expect((await endpoint.fetch(post(call('echo'), bearer('alice'), unknown))).status).toBe(404)
    expect((await endpoint.fetch(post(call('echo'), bearer('alice'), url))).status).toBe(404)
    expect((await endpoint.fetch(post(call('echo'), bearer('alice'), url.replace(/\?.*/, '')))).status).toBe(
      404,
    )
    expect((await send(call('echo', { say: 'mine' }), 'refreshed')).status).toBe(202)
    expect((await events.next())?.data).toContain('mine')
    await other.events.cut()
  })

  test('it passes the gate like everything else', async () => {
    const endpoint = served({
      require: { tools: { echo: ['echo'] } },
      maxBodyBytes: 1000,
    } as Partial<Options>)
    const { events, send, url } = await connected(endpoint)
    const refused = await send(call('echo', { say: 'hi' }, 5))
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="echo"')
    expect((await refused.json()).id).toBe(5)
    expect((await send(call('echo', { say: 'x'.repeat(2000) }))).status).toBe(413)
    expect((await endpoint.fetch(post('{', bearer('alice'), url))).status).toBe(400)
    const asText = post(call('long'), { ...bearer('alice'), 'content-type': 'text/plain' }, url)
    expect((await endpoint.fetch(asText)).status).toBe(415)
    for (const odd of [
      [],
      [call('long')],
      { jsonrpc: '2.0' },
      { jsonrpc: '2.0', id: {}, method: 'ping' },
      'x',
      null,
      7,
    ])
      expect([odd, (await send(odd)).status]).toEqual([odd, 400])
    for (const [method, at, allow] of [
      ['POST', `${origin}/mcp/sse`, 'GET'],
      ['DELETE', `${origin}/mcp/sse`, 'GET'],
      ['GET', url, 'POST'],
    ]) {
      const wrong = await endpoint.fetch(
        new Request(at ?? '', { method: method ?? '', headers: bearer('alice') }),
      )
      expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, allow])
    }
    await events.cut()
  })

  test('the guard of hosts stands before it', async () => {
    const endpoint = served({ allowedHosts: ['mcp.acme.dev'], allowedOrigins: ['https://app.acme.dev'] })
    const { url } = await connected(endpoint)
    for (const at of [`${origin}/mcp/sse`, url]) {
      const headers = { ...bearer('alice'), origin: 'https://evil.example' }
      const method = at === url ? 'POST' : 'GET'
      expect((await endpoint.fetch(new Request(at, { method, headers }))).status).toBe(403)
    }
  })

  test('a handler may ask for more: its POST gets the challenge, and its stream nothing', async () => {
    const { events, send } = await connected(served())
    const response = await send(call('secret', {}, 4))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('scope="secret"')
    await send(call('echo', { say: 'next' }, 5))
    expect((await events.next())?.data).toContain('next')
  })

  test('a POST is answered within a second, and what comes later is no challenge', async () => {
    const endpoint = served()
    const { events, send } = await connected(endpoint)
    const sent = send(call('long', {}, 4))
    await until(() => endpoint.works.length === 1)
    await endpoint.clock.advance(1)
    expect((await sent).status).toBe(202)
    const again = await send(call('long', {}, 4))
    expect([again.status, (await again.json()).error.message]).toEqual([
      400,
      'Invalid Request: this id is in use',
    ])
    await endpoint.works[0]?.progress()
    expect((await events.next())?.data).toContain('step 1')
    endpoint.works[0]?.finish()
    expect((await events.next())?.data).toContain('done after 1')
  })

  test('it ends with its token, and who waits is told', async () => {
    const clock = manualClock()
    const now = Math.floor(clock.now() / 1000)
    const auth = fakeAuth({
      short: { subject: 'alice', expiresAt: now + 90 },
      longer: { subject: 'alice', expiresAt: now + 200 },
    })
    const endpoint = served({ auth, clock })
    const { events, send } = await connected({ ...endpoint, clock }, 'short')
    await send(call('echo', { say: 'renewed' }, 4), 'longer')
    await events.next()
    const sent = send(call('long', {}, 7), 'longer')
    await until(() => endpoint.works.length === 1)
    for (let minute = 0; minute < 3; minute += 1) await clock.advance(60)
    await sent
    await endpoint.works[0]?.progress()
    expect((await events.next())?.data).toContain('step 1')
    await clock.advance(60)
    const last = JSON.parse((await events.next())?.data ?? '{}')
    expect(last).toMatchObject({
      id: 7,
      error: { message: expect.stringContaining('The access token expired') },
    })
    expect(await events.next()).toBeUndefined()
    expect(endpoint.works[0]?.stopped).toBe(true)
    expect((await send(call('echo', { say: 'x' }), 'longer')).status).toBe(404)
  })

  test('it ends within a minute after its grant has', async () => {
    const auth = fakeAuth(tokens)
    const endpoint = served({ auth })
    const { events, send } = await connected(endpoint)
    await endpoint.clock.advance(60)
    auth.standing = async () => false
    await endpoint.clock.advance(60)
    expect(await events.next()).toBeUndefined()
    expect((await send(call('echo', { say: 'x' }))).status).toBe(404)
  })

  test('it ends when its client leaves, when nobody uses it, and when the server closes', async () => {
    const endpoint = served({ legacySse: { idleSeconds: 300 } })
    const left = await connected(endpoint)
    await left.events.cut()
    expect((await left.send(call('echo', { say: 'x' }))).status).toBe(404)
    const aborted = new AbortController()
    const gone = await connected(endpoint, 'alice', aborted.signal)
    aborted.abort()
    await until(() => true)
    expect((await gone.send(call('echo', { say: 'x' }))).status).toBe(404)
    const idle = await connected(endpoint)
    await endpoint.clock.advance(299)
    expect((await idle.send(call('echo', { say: 'x' }))).status).toBe(202)
    await endpoint.clock.advance(299)
    expect((await idle.send(call('echo', { say: 'x' }, 2))).status).toBe(202)
    await endpoint.clock.advance(300)
    expect((await idle.send(call('echo', { say: 'x' }, 3))).status).toBe(404)
    const last = await connected(endpoint)
    await endpoint.close()
    expect(await last.events.next()).toBeUndefined()
  })

  test('there are only so many, and one user cannot crowd out another', async () => {
    const endpoint = served({ legacySse: { max: 3, maxPerUser: 2 } })
    const bob = await connected(endpoint, 'bob')
    const first = await connected(endpoint)
    const second = await connected(endpoint)
    const third = await connected(endpoint, 'otherClient')
    const status = async ({ send }: typeof first) =>
      (await send({ jsonrpc: '2.0', id: 1, method: 'ping' })).status
    expect(await status(first)).toBe(404)
    expect([await status(bob), await status(second), await status(third)]).toEqual([202, 202, 202])
  })

  test('a client that does not read is given up before it costs much', async () => {
    const endpoint = served({ maxBodyBytes: 16 * 1024 * 1024 })
    const response = await endpoint.fetch(get('alice'))
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    const path = /data: (.*)/.exec(new TextDecoder().decode(value))?.[1] ?? ''
    const url = new URL(path, origin).href
    const say = 'x'.repeat(1024 * 1024)
    const statuses: number[] = []
    for (let id = 1; id <= 24; id += 1)
      statuses.push((await endpoint.fetch(post(call('echo', { say }, id), bearer('alice'), url))).status)
    expect(statuses.at(0)).toBe(202)
    expect(statuses.at(-1)).toBe(404)
  })

  test('hints, paths and what start-up says', async () => {
    const notices: string[] = []
    const onNotice = (text: string) => notices.push(text)
    const elsewhere = served({ legacySse: { path: '/sse', messagesPath: '/messages' }, onNotice })
    const methods = new Map(elsewhere.routes.map((route) => [route.path, route.methods]))
    expect([methods.get('/sse'), methods.get('/messages')]).toEqual([
      ['GET', 'OPTIONS'],
      ['POST', 'OPTIONS'],
    ])
    const response = await elsewhere.fetch(get('alice', `${origin}/sse`))
    expect((await eventsOf(response).next())?.data).toMatch(/^\/messages\?sessionId=/)
    expect(notices).toEqual([expect.stringMatching(/\/sse of `legacySse` is not below \/mcp/)])
    expect((await served({ legacySse: false }).fetch(get('alice'))).status).toBe(404)
    for (const [legacySse, message] of [
      [{ path: 'sse' }, /legacySse\.path: "sse" is not a path/],
      [{ path: '/mcp' }, /legacySse: "\/mcp" is the path of something else/],
      [{ path: '/same', messagesPath: '/same' }, /legacySse: "\/same" is the path/],
      [{ max: 0 }, /legacySse\.max: is 0/],
      [{ paths: '/sse' } as never, /legacySse\.paths: .*"path"/],
    ] as const)
      expect(() => served({ legacySse })).toThrow(message)
  })
})

test('what a tool of SDK v2 says it takes is asked here, too', async () => {
  const { fetch } = v2.mcp({
    auth: fakeAuth(tokens),
    legacySse: true,
    server() {
      const server = new McpServer({ name: 'fixture', version: '1.0.0' })
      const done = () => ({ content: [{ type: 'text' as const, text: 'done' }] })
      server.registerTool('large', { scopeChallenge: requireScopes('large', 'huge') }, done)
      return server
    },
  })
  const stream = await fetch(new Request(`${origin}/mcp/sse`, { headers: bearer('alice') }))
  const path = (await eventsOf(stream).next())?.data ?? ''
  const response = await fetch(post(call('large'), bearer('alice'), new URL(path, origin).href))
  expect(response.status).toBe(403)
  expect(response.headers.get('www-authenticate')).toContain('scope="large huge"')
})
