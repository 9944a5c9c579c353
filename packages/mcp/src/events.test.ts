import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js'
import type * as sdkV1 from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type * as sdkV2 from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import { eventsOf, lines, type Options, wire } from './events.fixture.ts'
import type { EventStore } from './index.ts'
import { bearer, call, fakeAuth, manualClock, post, type Token, until } from './mcp.fixture.ts'

const far = Math.floor(Date.now() / 1000) + 10 * 365 * 86_400
const tokens: Record<string, Token> = {
  alice: { subject: 'alice', expiresAt: far },
  refreshed: { subject: 'alice', expiresAt: far },
  bob: { subject: 'bob', expiresAt: far },
}

describe.each(Object.entries(lines))('%s', (_, line) => {
  function served(options: Partial<Options> = {}) {
    const clock = manualClock()
    return { clock, ...line({ auth: fakeAuth(tokens), sessions: true, clock, ...options }) }
  }

  /** A call of `long` whose first step was heard. */
  async function underWay(options: Partial<Options> = {}, token = 'alice') {
    const endpoint = served(options)
    const client = await wire(endpoint, token)
    const answer = client.send(call('long', {}, 7), token)
    await until(() => endpoint.works.length === 1)
    const work = endpoint.works[0]
    if (!work) throw new Error('no call')
    await work.progress()
    const stream = eventsOf(await answer)
    const primed = await stream.next()
    const heard = await stream.next()
    expect(primed).toEqual({ id: expect.stringMatching(/^\S+$/), data: '' })
    expect(heard?.data).toContain('step 1')
    return { ...endpoint, client, work, stream, primed: primed?.id ?? '', heard: heard?.id ?? '' }
  }

  test('a call whose connection was cut goes on where it was, and nothing comes twice', async () => {
    const { client, work, stream, heard } = await underWay()
    await stream.cut()
    await work.progress()
    const resumed = eventsOf(await client.get(heard))
    expect((await resumed.next())?.data).toContain('step 2')
    await work.progress()
    expect((await resumed.next())?.data).toContain('step 3')
    work.finish()
    expect((await resumed.next())?.data).toContain('done after 3')
    expect(await resumed.next()).toBeUndefined()
  })

  test('an answer that was given while nobody listened can be fetched, again if need be', async () => {
    const { client, work, stream, primed } = await underWay()
    await stream.cut()
    work.finish()
    await until(() => !work.stopped)
    for (const _ of [1, 2]) {
      const resumed = eventsOf(await client.get(primed))
      expect((await resumed.next())?.data).toContain('step 1')
      expect((await resumed.next())?.data).toContain('done after 1')
      await resumed.cut()
    }
  })

  test('a connection that died unnoticed gives way to the one that resumes', async () => {
    const { client, work, stream, heard } = await underWay()
    const resumed = eventsOf(await client.get(heard))
    expect(await stream.next()).toBeUndefined()
    work.finish()
    expect((await resumed.next())?.data).toContain('done after 1')
  })

  test('an event is known to its session alone', async () => {
    const { client, fetch, work, stream, heard } = await underWay()
    await stream.cut()
    work.finish()
    const own = await wire({ fetch }, 'alice')
    const other = await wire({ fetch }, 'bob')
    const [tag = '', number = '', seq = ''] = heard.split('.')
    const guesses = [
      `${tag}.${number}.${'z'.repeat(8)}`,
      `${tag}.9.${seq}`,
      `${tag.replace(/./, (one) => (one === '0' ? '1' : '0'))}.${number}.${seq}`,
      '1',
      '_GET_stream_1',
      'x'.repeat(20_000),
      `${heard}${'0'.repeat(20_000)}`,
      '__proto__',
    ]
    const statuses = await Promise.all([
      own.get(heard),
      other.get(heard),
      client.get(heard, 'bob'),
      ...guesses.map((guess) => client.get(guess)),
    ])
    expect(statuses.map(({ status }) => status)).toEqual(statuses.map(() => 404))
    for (const response of statuses) expect(await response.text()).not.toContain('done after')
    expect((await client.get(heard, 'refreshed')).status).toBe(200)
  })

  test('another instance does not know it either', async () => {
    const { heard } = await underWay()
    const elsewhere = await wire(served(), 'alice')
    expect((await elsewhere.get(heard)).status).toBe(404)
  })

  test('a stream that ended with its token is resumed with a fresh one of the same user', async () => {
    const clock = manualClock()
    const soon = Math.floor(clock.now() / 1000) + 90
    const auth = fakeAuth({ ...tokens, short: { subject: 'alice', expiresAt: soon } })
    const { client, work, stream, heard } = await underWay(
      { auth, clock, streams: { keepAliveSeconds: 0 } },
      'short',
    )
    await clock.advance(60)
    await clock.advance(60)
    expect(await stream.next()).toBeUndefined()
    work.finish()
    expect((await client.get(heard, 'bob')).status).toBe(404)
    // SDK v1 asks for another stream first, and for its own when that is refused.
    expect((await client.get(undefined, 'refreshed')).status).toBe(409)
    expect((await client.get(undefined, 'refreshed')).status).toBe(200)
    const resumed = eventsOf(await client.get(heard, 'refreshed'))
    expect((await resumed.next())?.data).toContain('done after 1')
  })

  test('a challenge leaves nothing to come back to', async () => {
    const { client, clock } = await underWay()
    const refused = await client.send(call('secret', {}, 8))
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="secret"')
    // Its ids would have been those before the next ones.
    const next = eventsOf(await client.send(call('echo', { say: 'hi' }, 9)))
    const [tag, number = ''] = ((await next.next())?.id ?? '').split('.')
    const before = (Number.parseInt(number, 36) - 1).toString(36)
    for (const seq of [0, 1]) expect((await client.get(`${tag}.${before}.${seq}`)).status).toBe(404)
    await clock.advance(0)
  })

  test('nor does one in a batch, whatever its other calls go on to say', async () => {
    const { client, works, clock } = await underWay({}, 'alice')
    const refused = await client.send([call('secret', {}, 8), call('long', {}, 9)])
    expect(refused.status).toBe(403)
    await works[1]?.progress()
    await clock.advance(0)
    const next = eventsOf(await client.send(call('echo', { say: 'hi' }, 10)))
    const [tag, number = ''] = ((await next.next())?.id ?? '').split('.')
    const before = (Number.parseInt(number, 36) - 1).toString(36)
    for (const seq of [0, 1, 2]) expect((await client.get(`${tag}.${before}.${seq}`)).status).toBe(404)
  })

  test('a connection that is cut before anything was said leaves the session whole', async () => {
    const endpoint = served()
    const client = await wire(endpoint, 'alice')
    const gone = new AbortController()
    const headers = { ...bearer('alice'), 'mcp-session-id': client.session }
    const answer = endpoint.fetch(new Request(post(call('long'), headers), { signal: gone.signal }))
    await until(() => endpoint.works.length === 1)
    gone.abort()
    await endpoint.clock.advance(1)
    await (await answer).text()
    expect(endpoint.works[0]?.stopped).toBe(false)
    endpoint.works[0]?.finish()
    const next = eventsOf(await client.send(call('echo', { say: 'still here' }, 9)))
    await next.next()
    expect((await next.next())?.data).toContain('still here')
  })

  test('the stream that listens begins with an id, and what was said while it was cut is fetched', async () => {
    const { client, fetch } = await underWay()
    const first = eventsOf(await client.get())
    const { id = '', data } = (await first.next()) ?? {}
    expect(data).toBe('')
    await first.cut()
    expect((await client.get(id)).status).toBe(200)
    const old = await wire({ fetch }, 'alice', '2025-06-18')
    const { body } = await old.get()
    const reader = body?.getReader()
    const nothing = await Promise.race([reader?.read(), new Promise((resolve) => setImmediate(resolve))])
    expect(nothing).toBeUndefined()
    await reader?.cancel()
  })

  test('a session that ends while somebody resumes ends for them, too', async () => {
    const { client, stream, work, heard } = await underWay()
    await stream.cut()
    const resumed = client.get(heard)
    const ended = client.end()
    expect((await ended).status).toBe(200)
    const { status, body } = await resumed
    if (status === 200) for await (const _ of body ?? []) expect(_).toBeDefined()
    else expect(status).toBe(404)
    expect((await client.get(heard)).status).toBe(404)
    work.finish()
  })

  test('without an event store there are no ids, and a lost answer is lost', async () => {
    const endpoint = served({ streams: { events: false } })
    const client = await wire(endpoint, 'alice')
    const text = await (await client.send(call('echo', { say: 'hi' }))).text()
    expect(text).toContain('hi')
    expect(text).not.toMatch(/^id:/m)
  })

  test('clients are asked to wait as long as the operator says', async () => {
    const endpoint = served({ streams: { retrySeconds: 2.5 } })
    const client = await wire(endpoint, 'alice')
    expect(await (await client.send(call('echo', { say: 'hi' }))).text()).toMatch(/^retry: 2500$/m)
    const reader = (await client.get()).body?.getReader()
    const first = new TextDecoder().decode((await reader?.read())?.value)
    expect(first).toMatch(/^id: \S+\nretry: 2500\ndata: \n\n$/)
    await reader?.cancel()
  })

  test('a client that does not read, and thousands of events, cost no more than the bounds', async () => {
    const { client, clock, work, stream, heard } = await underWay({
      streams: { events: { maxPerStream: 100 } },
    })
    await stream.cut()
    await work.progress(3000)
    work.finish()
    await clock.advance(0)
    const resumed = eventsOf(await client.get(heard))
    const datas: string[] = []
    for (let event = await resumed.next(); event; event = await resumed.next()) {
      datas.push(event.data)
      if (event.data.includes('done after')) break
    }
    expect(datas).toHaveLength(100)
    expect(datas.at(-1)).toContain('done after 3001')
  })

  test('who does not read is cut off before it costs much, and the session goes on', async () => {
    const { client, clock } = await underWay({ maxBodyBytes: 64 * 1024 * 1024 })
    const say = 'x'.repeat(1024 * 1024)
    const calls = Array.from({ length: 20 }, (_, id) => call('echo', { say }, id + 100))
    const answer = await client.send(calls)
    for (let turn = 0; turn < 30; turn += 1) await clock.advance(0)
    await expect(answer.text()).rejects.toThrow('does not read')
    expect((await client.send(call('echo', { say: 'still here' }, 9))).status).toBe(200)
  })

  describe('with a store of the operator', () => {
    /** As the SDK's example does it: ids are easy to guess, and streams of all sessions are in one place. */
    function plainStore() {
      const events: { streamId: string; message: object }[] = []
      const store: EventStore = {
        async storeEvent(streamId, message) {
          events.push({ streamId, message })
          return `${events.length - 1}`
        },
        async replayEventsAfter(last, { send }) {
          const streamId = events[Number(last)]?.streamId ?? ''
          for (const [index, event] of events.entries()) {
            if (index > Number(last) && event.streamId === streamId)
              await send(`${index}`, event.message as never)
          }
          return streamId
        },
      }
      return { events, store }
    }

    test('a call is resumed, and its session is the only one that can', async () => {
      const { events, store } = plainStore()
      const { client, fetch, work, stream, heard } = await underWay({ streams: { events: store } })
      await stream.cut()
      work.finish()
      await until(() => events.some(({ message }) => JSON.stringify(message).includes('done after')))
      const other = await wire({ fetch }, 'alice')
      const foreign = await Promise.all([
        other.get(heard),
        ...events.map((_, index) => other.get(`${index}`)),
        ...events.map((_, index) => other.get(heard.replace(/\..*/, `.${index}`))),
      ])
      expect(foreign.map(({ status }) => status)).toEqual(foreign.map(() => 404))
      const resumed = eventsOf(await client.get(heard))
      expect((await resumed.next())?.data).toContain('done after 1')
      expect(new Set(events.map(({ streamId }) => streamId.split(':')[0]))).toEqual(
        new Set([client.session, other.session]),
      )
      await client.end()
      expect((await client.get(heard)).status).toBe(404)
    })

    test('what is said while it is being read reaches who resumes, once', async () => {
      const { store } = plainStore()
      const { client, work, stream, heard } = await underWay({ streams: { events: store } })
      await stream.cut()
      await work.progress()
      const { replayEventsAfter } = store
      let isReading = false
      let read = () => {}
      const allowed = new Promise<void>((resolve) => {
        read = resolve
      })
      store.replayEventsAfter = async (last, to) => {
        const streamId = await replayEventsAfter(last, to)
        isReading = true
        await allowed
        return streamId
      }
      const resuming = client.get(heard)
      await until(() => isReading)
      const said = work.progress()
      work.finish()
      await new Promise((resolve) => setImmediate(resolve))
      read()
      await said
      const resumed = eventsOf(await resuming)
      const datas = []
      for (let event = await resumed.next(); event; event = await resumed.next()) datas.push(event.data)
      expect(datas.map((data) => /step \d|done after \d/.exec(data)?.[0])).toEqual([
        'step 2',
        'step 3',
        'done after 3',
      ])
    })

    test('the example of the SDK does, for calls and for the stream that listens', async () => {
      const store: EventStore = new InMemoryEventStore()
      const { client, work, stream, heard } = await underWay({ streams: { events: store } })
      const first = eventsOf(await client.get())
      const { id = '' } = (await first.next()) ?? {}
      await first.cut()
      await stream.cut()
      work.finish()
      expect((await client.get(id)).status).toBe(200)
      expect((await client.get()).status).toBe(409)
      const resumed = eventsOf(await client.get(heard))
      expect((await resumed.next())?.data).toContain('done after 1')
    })

    test('its outage loses no answer, and is told', async () => {
      const told: unknown[] = []
      const store: EventStore = {
        storeEvent: () => Promise.reject(new Error('store is down')),
        replayEventsAfter: () => Promise.reject(new Error('store is down')),
      }
      const endpoint = served({ streams: { events: store }, onError: (error) => told.push(error) })
      const client = await wire(endpoint, 'alice')
      expect(await (await client.send(call('echo', { say: 'hi' }))).text()).toContain('hi')
      expect(told).toContainEqual(new Error('store is down'))
    })

    test('its outage when somebody resumes is ours, and passes', async () => {
      const { store } = plainStore()
      const told: unknown[] = []
      const { client, stream, work, heard } = await underWay({
        streams: { events: store },
        onError: (error) => told.push(error),
      })
      await stream.cut()
      work.finish()
      store.replayEventsAfter = () => Promise.reject(new Error('store is down'))
      const response = await client.get(heard)
      expect(response.status).toBe(503)
      expect(await response.text()).not.toContain('store is down')
      expect(told).toEqual([new Error('store is down')])
    })
  })
})

test('options that make no sense are refused at construction', () => {
  const make = (options: Partial<Options>) => () => lines.v1?.({ auth: fakeAuth(tokens), ...options })
  expect(make({ streams: { retrySeconds: -1 } })).toThrow('streams.retrySeconds: is -1. ')
  expect(make({ streams: { events: {} } })).toThrow(
    /streams\.events: is for streams of sessions.*sessions: true/,
  )
  expect(make({ sessions: true, streams: { events: { maxBytes: 0 } } })).toThrow(
    'streams.events.maxBytes: is 0. ',
  )
  expect(make({ sessions: true, streams: { events: { seconds: 1 } as never } })).toThrow(
    /streams\.events\.seconds: /,
  )
  expect(make({ streams: { keepAlive: 1 } as never })).toThrow(/streams\.keepAlive: .*keepAliveSeconds/)
})

test('a store for either SDK is one for this', () => {
  const take = (store: EventStore) => store
  const ofV1 = (store: sdkV1.EventStore) => take(store)
  const ofV2 = (store: sdkV2.EventStore) => take(store)
  expect([ofV1, ofV2]).toHaveLength(2)
})
