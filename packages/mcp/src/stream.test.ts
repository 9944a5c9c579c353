import { expect, test, vi } from 'vitest'
import { mcp } from './index.ts'
import {
  bearer,
  call,
  countingServers,
  fakeAuth,
  initialize,
  manualClock,
  post,
  resource,
  until,
} from './mcp.fixture.ts'
import { limitedStream } from './stream.ts'
import { timers } from './timers.ts'

/** Without comments, to see what else is said. */
const streams = { keepAliveSeconds: 0 }

/** A session with a GET stream open, on a token that lives ten minutes. */
async function listening() {
  const clock = manualClock()
  const servers = countingServers()
  const auth = fakeAuth({ good: { expiresAt: Math.floor(clock.now() / 1000) + 600 } })
  const served = mcp({ auth, server: servers.create, sessions: true, clock, streams })
  const first = await served.fetch(post(initialize, bearer('good')))
  await first.text()
  const headers = {
    ...bearer('good'),
    accept: 'text/event-stream',
    'mcp-session-id': first.headers.get('mcp-session-id') ?? '',
  }
  const listen = () => served.fetch(new Request(resource, { headers }))
  const response = await listen()
  let ended = false
  const text = response.text().then((read) => {
    ended = true
    return read
  })
  return { clock, auth, servers, text, listen, served, hasEnded: () => ended }
}

test('a stream closes when its token expires, and the session can be listened to again', async () => {
  const { clock, text, hasEnded, listen } = await listening()
  await clock.advance(590)
  expect(hasEnded()).toBe(false)
  expect((await listen()).status).toBe(409)
  await clock.advance(10)
  expect(await text).toBe('')
  expect((await listen()).status).toBe(200)
})

test('a stream closes within a minute after its grant has ended', async () => {
  const { clock, auth, text, hasEnded } = await listening()
  await clock.advance(60)
  expect(hasEnded()).toBe(false)
  auth.standing = async () => false
  await clock.advance(60)
  expect(await text).toBe('')
})

test('an outage of the store closes nothing before the token expires', async () => {
  const { clock, auth, text, hasEnded } = await listening()
  auth.standing = vi.fn(async () => {
    throw new Error('store is down')
  })
  for (let minute = 1; minute < 10; minute += 1) await clock.advance(60)
  expect(auth.standing).toHaveBeenCalledTimes(9)
  expect(hasEnded()).toBe(false)
  await clock.advance(60)
  expect(await text).toBe('')
})

test('a store that never answers does not keep a stream open past its token', async () => {
  const { clock, auth, text } = await listening()
  auth.standing = vi.fn(() => new Promise<boolean>(() => {}))
  for (let minute = 1; minute <= 10; minute += 1) await clock.advance(60)
  expect(auth.standing).toHaveBeenCalledOnce()
  expect(await text).toBe('')
})

test('a stream that has ended is not looked at again', async () => {
  const { clock, auth, served, text } = await listening()
  auth.standing = vi.fn(async () => true)
  await served.close()
  await text
  await clock.advance(300)
  expect(auth.standing).not.toHaveBeenCalled()
})

test.each([
  ['expired', 'The access token expired'],
  ['revoked', 'Access was revoked'],
])('a call under way when access is %s stops, and its caller is told', async (how, message) => {
  const clock = manualClock()
  const servers = countingServers()
  const auth = fakeAuth({ good: { expiresAt: Math.floor(clock.now() / 1000) + 90 } })
  const { fetch } = mcp({ auth, server: servers.create, clock, streams })
  const answer = fetch(post([call('wait', {}, 7), call('wait', {}, 8)], bearer('good')))
  await until(() => servers.calls.length === 2)
  await clock.advance(1)
  const response = await answer
  if (how === 'revoked') auth.standing = async () => false
  await clock.advance(60)
  await clock.advance(60)
  const events = (await response.text()).trim().split('\n\n')
  expect(events.map((event) => JSON.parse(event.replace('event: message\ndata: ', '')))).toEqual(
    [7, 8].map((id) => ({
      jsonrpc: '2.0',
      id,
      error: { code: -32000, message: expect.stringContaining(message) },
    })),
  )
  expect(servers.closed()).toBe(1)
  expect(servers.aborted()).toBe(2)
})

test('a token accepted at its very end still gets its answer', async () => {
  const clock = manualClock()
  const servers = countingServers()
  const auth = fakeAuth({ late: { expiresAt: Math.floor(clock.now() / 1000) - 5 } })
  const { fetch } = mcp({ auth, server: servers.create, clock })
  const response = await fetch(post(call('echo', { say: 'just in time' }), bearer('late')))
  expect(await response.text()).toContain('just in time')
})

/** `source` under limits that never apply. */
function unlimited(source: ReadableStream<Uint8Array>) {
  const done = vi.fn()
  const limits = {
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
    revalidate: async () => true,
    signal: new AbortController().signal,
    time: timers(manualClock()),
    message: undefined,
  }
  return { stream: limitedStream(source, limits, done), done }
}

test('a reader that leaves with data still waiting ends the source too', async () => {
  const cancelled = vi.fn()
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([1])),
    cancel: cancelled,
  })
  const { stream, done } = unlimited(source)
  await new Promise((resolve) => setImmediate(resolve))
  await stream.cancel('gone')
  expect(cancelled).toHaveBeenCalledExactlyOnceWith('gone')
  expect(done).toHaveBeenCalledOnce()
})

test('a source that fails fails its reader', async () => {
  const { stream, done } = unlimited(
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('broken source')),
    }),
  )
  await expect(stream.getReader().read()).rejects.toThrow('broken source')
  expect(done).toHaveBeenCalledOnce()
})

test('a waiting stream keeps no process alive', () => {
  const active = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = active()
  const cancel = timers(undefined).after(60_000, () => {})
  expect(active()).toBe(before)
  cancel()
})

test('a timer called off does not fire, neither in real time nor on a clock', async () => {
  const clock = manualClock()
  const real = timers(undefined)
  const fake = timers(clock)
  const fired: string[] = []
  fake.after(1000, () => fired.push('fake'))
  fake.after(1000, () => fired.push('fake, called off'))()
  real.after(0, () => fired.push('real, called off'))()
  real.after(0, () => fired.push('real'))
  await clock.advance(1)
  await until(() => fired.includes('real'))
  expect(fired).toEqual(['fake', 'real'])
})

test('a stream that says nothing carries a comment now and then, and none when told so', async () => {
  for (const [keepAliveSeconds, comments] of [
    [undefined, 4],
    [20, 3],
    [0, 0],
    [1e12, 0],
  ] as const) {
    const clock = manualClock()
    const source = new TransformStream<Uint8Array, Uint8Array>()
    const stream = limitedStream(
      source.readable,
      {
        expiresAt: Math.floor(clock.now() / 1000) + 3600,
        revalidate: async () => true,
        signal: new AbortController().signal,
        time: timers(clock),
        message: undefined,
        keepAliveSeconds,
      },
      () => {},
    )
    const text = new Response(stream).text()
    for (let second = 0; second < 60; second += 1) await clock.advance(1)
    await source.writable.close()
    expect(await text).toBe(': keep-alive\n\n'.repeat(comments))
  }
})

test('comments do not pile up before a client that does not read', async () => {
  const clock = manualClock()
  const auth = fakeAuth({ good: { expiresAt: Math.floor(clock.now() / 1000) + 36_000 } })
  const served = mcp({ auth, server: countingServers().create, sessions: true, clock })
  const first = await served.fetch(post(initialize, bearer('good')))
  await first.text()
  const headers = {
    ...bearer('good'),
    accept: 'text/event-stream',
    'mcp-session-id': first.headers.get('mcp-session-id') ?? '',
  }
  const { body } = await served.fetch(new Request(resource, { headers }))
  for (let minute = 0; minute < 100; minute += 1) await clock.advance(15)
  await served.close()
  expect((await new Response(body).text()).length).toBeLessThan(100)
})
