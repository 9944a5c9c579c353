import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, createServer } from 'node:http2'
import { buffer, text } from 'node:stream/consumers'
import type { Mountable } from '@drawbridge/core'
import { fakeAuth } from '@drawbridge/testing'
import { afterEach, expect, it } from 'vitest'
import { drawbridge, protect } from './index.ts'
import { listening, mounting } from './listening.fixture.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function session(server: ReturnType<typeof createServer>): Promise<ClientHttp2Session> {
  const { url, close } = await listening(server)
  const client = connect(url)
  closing.push(close, () => client.close())
  return client
}

const serving = (x: Mountable) => session(createServer(drawbridge(x)))

async function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: string | Buffer) {
  const stream = client.request({ ':path': '/token', ...headers })
  stream.end(body)
  const [answered] = await once(stream, 'response')
  return { headers: answered, body: await buffer(stream) }
}

it('passes bodies and answers', async () => {
  const client = await serving(mounting(async (request) => new Response(await request.arrayBuffer())))
  const large = Buffer.alloc(3_000_000, 'abc')
  const { headers, body } = await ask(client, { ':method': 'POST' }, large)
  expect([headers[':status'], body.equals(large)]).toEqual([200, true])
  expect((await ask(client, { ':path': '/other' })).headers[':status']).toBe(404)
})

it('shows the host a client asked for where it is on HTTP/1', async () => {
  const client = await serving(
    mounting(async ({ headers }) => new Response([...headers.keys(), headers.get('host')].join())),
  )
  expect(`${(await ask(client, { ':authority': 'evil.example' })).body}`).toBe('host,evil.example')
})

it('takes methods that Request refuses or reads in another case', async () => {
  const client = await serving(mounting(async ({ method }) => new Response(method, { status: 405 })))
  for (const method of ['TRACK', 'TRACE', 'get']) {
    const { headers, body } = await ask(client, { ':method': method })
    expect([headers[':status'], `${body}`.toLowerCase()]).toEqual([405, method.toLowerCase()])
  }
})

it('sends each cookie, and nothing that is for connections of HTTP/1', async () => {
  const headers = new Headers({ connection: 'keep-alive', 'keep-alive': 'timeout=5', 'x-a': '1' })
  headers.append('set-cookie', 'a=1')
  headers.append('set-cookie', 'b=2')
  const client = await serving(mounting(async () => new Response('x', { headers })))
  const answer = await ask(client, {})
  expect(answer.headers).toMatchObject({ ':status': 200, 'x-a': '1', 'set-cookie': ['a=1', 'b=2'] })
  expect(Object.keys(answer.headers)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/connection|keep/)]),
  )
})

it('says that the client has gone, but not of one that was answered', async () => {
  const signals: AbortSignal[] = []
  const client = await serving(
    mounting(async ({ signal }) => {
      signals.push(signal)
      return new Response('done')
    }),
  )
  await ask(client, {})
  await ask(client, {})
  expect(signals[0]?.aborted).toBe(false)
})

it('ends a stream whose client has gone, and one that HEAD leaves unread', async () => {
  let ended: (what: string) => void = () => {}
  let aborted: Promise<unknown> = Promise.resolve()
  const client = await serving(
    mounting(async ({ signal, method }) => {
      aborted = once(signal, 'abort')
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: one\n\n')),
        cancel: () => ended(method),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }),
  )
  const next = () => new Promise((resolve) => (ended = resolve))
  let end = next()
  const stream = client.request({ ':path': '/token' })
  stream.on('error', () => {})
  await once(stream, 'data')
  stream.close(constants.NGHTTP2_CANCEL)
  await aborted
  expect(await end).toBe('GET')

  end = next()
  expect((await ask(client, { ':method': 'HEAD' })).headers[':status']).toBe(200)
  expect(await end).toBe('HEAD')

  end = next()
  await once(
    client.request({ ':path': '/token' }).on('error', () => {}),
    'data',
  )
  client.destroy()
  await aborted
  expect(await end).toBe('GET')
})

it('guards', async () => {
  const guard = protect(fakeAuth({ users: { alice: { subject: 'github|1', user: {} } } }))
  const client = await session(createServer((req, res) => guard(req, res, () => void res.end('in'))))
  expect((await ask(client, {})).headers[':status']).toBe(401)
  expect(`${(await ask(client, { authorization: 'Bearer alice' })).body}`).toBe('in')
  expect(await text(client.request({ authorization: 'Bearer alice' }).end())).toBe('in')
})
