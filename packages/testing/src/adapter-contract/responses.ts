import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type AdapterCase, adapterCase, deferred, probe, sendRaw } from './case.ts'

export const responseCases: AdapterCase[] = [
  adapterCase('sends status, headers and body as they are', async ({ start }) => {
    const location = 'http://127.0.0.1:9/callback?code=a%20b&iss=x'
    const url = await start({
      mounted: [
        probe(() => new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } })),
      ],
    })
    const response = await fetch(`${url}/token`, { redirect: 'manual' })
    assert.equal(response.status, 302)
    assert.equal(response.headers.get('location'), location)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(await response.text(), '')
  }),

  adapterCase('sends each cookie, beside those the application has set', async ({ start }) => {
    const cookies = [
      '__Host-a=1; Path=/; Secure; HttpOnly',
      'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT',
      'c=; Max-Age=0',
    ]
    const url = await start({
      mounted: [
        probe(() => {
          const headers = new Headers()
          for (const cookie of cookies) headers.append('set-cookie', cookie)
          return new Response('cookies', { headers })
        }),
      ],
    })
    const response = await fetch(`${url}/token`)
    assert.deepEqual(response.headers.getSetCookie().sort(), [...cookies, 'app=1'].sort())
    assert.equal(response.headers.get('x-app'), 'yes')
    assert.equal(await response.text(), 'cookies')
  }),

  adapterCase('sends no body in answer to HEAD, nor with 204', async ({ start }) => {
    const url = await start({
      mounted: [
        probe(({ method }) =>
          method === 'OPTIONS' ? new Response(null, { status: 204 }) : new Response('body'),
        ),
      ],
    })
    const head = await fetch(`${url}/mcp`, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
    const preflight = await fetch(`${url}/mcp`, { method: 'OPTIONS' })
    assert.deepEqual([preflight.status, await preflight.text()], [204, ''])
  }),

  adapterCase('ends a stream that nobody reads, since HEAD asked for it', async ({ start }) => {
    const { response, cancelled } = eventStream()
    const url = await start({ mounted: [probe(() => response)] })
    const head = await fetch(`${url}/mcp`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream'])
    await cancelled
  }),

  adapterCase('says in words what the status means', async ({ start }) => {
    const url = await start({ mounted: [probe(() => new Response(null, { status: 401 }))] })
    const { text } = await sendRaw(url, 'GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    assert.match(text, /^HTTP\/1\.1 401 Unauthorized\r\n/)
  }),

  adapterCase('sends bytes that are no text', async ({ start }) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const url = await start({
      mounted: [probe(() => new Response(bytes, { headers: { 'content-type': 'image/x-icon' } }))],
    })
    const response = await fetch(`${url}/mcp`)
    assert.equal(response.headers.get('content-type'), 'image/x-icon')
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes)
  }),

  adapterCase('takes no more from a stream than its client takes', async ({ start }) => {
    const megabyte = new Uint8Array(1_000_000)
    const limit = 100
    let taken = 0
    const url = await start({
      mounted: [
        probe(() => {
          const body = new ReadableStream({
            async pull(controller) {
              // Lets the process do something else than this.
              await new Promise((resolve) => setImmediate(resolve))
              controller.enqueue(megabyte)
              if (++taken === limit) controller.close()
            },
          })
          return new Response(body)
        }),
      ],
    })
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'readable')
    // Each takes some turns of the event loop, in which a greedy adapter takes as many megabytes.
    for (let times = 0; times < limit; times++) await (await fetch(`${url}/nowhere`)).text()
    socket.destroy()
    assert.ok(taken < limit, `all ${limit} megabytes were taken, and the client had read nothing`)
  }),

  adapterCase('sends a large body whole', async ({ start }) => {
    const chunk = new TextEncoder().encode('0123456789abcdef'.repeat(4096))
    const url = await start({
      mounted: [
        probe(() => {
          let left = 128
          const body = new ReadableStream({
            pull(controller) {
              if (left-- > 0) controller.enqueue(chunk)
              else controller.close()
            },
          })
          return new Response(body)
        }),
      ],
    })
    const received = await (await fetch(`${url}/mcp`)).arrayBuffer()
    assert.equal(received.byteLength, 128 * chunk.byteLength)
  }),

  adapterCase('sends an event stream as it grows: its headers first, then each event', async ({ start }) => {
    const { response, send, end } = eventStream()
    const url = await start({ mounted: [probe(() => response)] })
    const answer = await fetch(`${url}/mcp`)
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      send(event)
      assert.equal((await reader?.read())?.value, event)
    }
    end()
    assert.equal((await reader?.read())?.done, true)
  }),

  adapterCase('ends a stream whose client has gone', async ({ start }) => {
    const { response, send, cancelled } = eventStream()
    const aborted = deferred()
    const url = await start({
      mounted: [
        probe(({ signal }) => {
          signal.addEventListener('abort', () => aborted.resolve())
          return response
        }),
      ],
    })
    const client = new AbortController()
    const answer = await fetch(`${url}/mcp`, { signal: client.signal })
    send('data: one\n\n')
    await answer.body?.getReader().read()
    client.abort()
    await Promise.all([cancelled, aborted.promise])
  }),

  adapterCase('ends a stream that begins after its client has gone', async ({ start }) => {
    const { response, cancelled } = eventStream()
    const arrived = deferred()
    const url = await start({
      mounted: [
        probe(async ({ signal }) => {
          arrived.resolve()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return response
        }),
      ],
    })
    const client = new AbortController()
    const gone = fetch(`${url}/mcp`, { signal: client.signal })
    await arrived.promise
    client.abort()
    await assert.rejects(gone)
    await cancelled
  }),

  adapterCase('cuts the connection when a stream breaks, and goes on serving', async ({ start }) => {
    const { response, send, fail } = eventStream()
    const url = await start({ mounted: [probe(() => response)] })
    const answer = await fetch(`${url}/mcp`)
    send('data: one\n\n')
    const reader = answer.body?.getReader()
    await reader?.read()
    fail(new Error('the stream broke'))
    await assert.rejects(async () => {
      while (!(await reader?.read())?.done);
    })
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
  }),

  adapterCase('does not make a whole answer of a stream that breaks at once', async ({ start }) => {
    const broken = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('it broke')) }))
    const url = await start({ mounted: [probe(broken)] })
    const outcome = await fetch(`${url}/mcp`)
      .then((response) => response.text().then(() => response.status))
      .catch(() => 'cut')
    assert.ok(outcome === 'cut' || outcome === 500, `the client was told ${outcome}`)
  }),

  adapterCase('takes whatever was thrown for an error', async ({ start }) => {
    for (const thrown of [undefined, null, 'route', 'router']) {
      const url = await start({ mounted: [probe(() => Promise.reject(thrown))] })
      assert.equal((await fetch(`${url}/mcp`)).status, 500, `thrown: ${thrown}`)
    }
  }),

  adapterCase("leaves errors to the application's error handler", async ({ start }) => {
    const url = await start({
      mounted: [
        probe(() => {
          throw new Error('out of order')
        }),
      ],
    })
    const response = await fetch(`${url}/mcp`, { method: 'POST', body: '{}' })
    assert.deepEqual([response.status, await response.text()], [500, 'application: out of order'])
  }),
]

function eventStream() {
  const gone = deferred()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(started) {
      controller = started
    },
    cancel: () => gone.resolve(),
  })
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    send: (event: string) => controller?.enqueue(new TextEncoder().encode(event)),
    end: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
    cancelled: gone.promise,
  }
}
