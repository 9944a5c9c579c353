import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type AdapterCase, adapterCase, deferred, echo, echoed, meeting, probe, sendRaw } from './case.ts'

const form = 'grant_type=refresh_token&resource=a&resource=b%2Fc&empty='

export const requestCases: AdapterCase[] = [
  adapterCase('hands over bodies byte for byte, whatever their content type', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const types = [
      'application/x-www-form-urlencoded',
      'application/x-www-form-urlencoded; charset=UTF-8',
      'application/json, application/x-www-form-urlencoded',
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'nonsense',
    ]
    for (const type of types) {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: form,
      })
      const { body, headers } = await echoed(response)
      assert.deepEqual([response.status, body, headers['content-type']], [200, form, type])
    }
  }),

  adapterCase('hands over a body without a content type, and none where there is none', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const untyped = await fetch(`${url}/token`, { method: 'POST', body: new Blob([form]) })
    assert.equal((await echoed(untyped)).body, form)
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      assert.equal((await echoed(fetch(`${url}/token`, { method }))).body, '')
    }
  }),

  adapterCase('leaves the size of a body to the endpoint', async ({ start }) => {
    const url = await start({
      mounted: [probe(async (request) => new Response(`${(await request.text()).length}`))],
    })
    const body = 'x'.repeat(3_000_000)
    const response = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    })
    assert.equal(await response.text(), '3000000')
  }),

  adapterCase('does not leave a connection hanging when nobody read the body', async ({ start }) => {
    const unread = () => new Response('refused', { status: 401 })
    const halfRead = async (request: Request) => {
      const reader = request.body?.getReader()
      await reader?.read()
      await reader?.cancel()
      return unread()
    }
    for (const answer of [unread, halfRead]) {
      const url = await start({ mounted: [probe(answer)] })
      const body = 'x'.repeat(1_000_000)
      const { text } = await sendRaw(
        url,
        `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
          'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      )
      // Some servers read to the end and answer the next request, others close. A client can go on after either.
      assert.match(text, /^HTTP\/1\.1 401/)
    }
  }),

  adapterCase('refuses a request whose body is still to come', async ({ start }) => {
    const url = await start({ mounted: [probe(() => new Response('refused', { status: 401 }))] })
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"a"')
    const [answer] = await once(socket, 'data')
    socket.destroy()
    assert.match(String(answer), /^HTTP\/1\.1 401/)
  }),

  adapterCase(
    'lets the reading of a body fail whose client has gone, and goes on serving',
    async ({ start }) => {
      const outcome = deferred<string>()
      const arrived = deferred()
      const url = await start({
        mounted: [
          probe(async (request) => {
            arrived.resolve()
            if (request.method !== 'POST') return new Response('alive')
            outcome.resolve(
              await request.text().then(
                () => 'read',
                () => 'failed',
              ),
            )
            return new Response('too late', { status: 400 })
          }),
        ],
      })
      const { hostname, port } = new URL(url)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write('POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"a"')
      await arrived.promise
      socket.destroy()
      assert.equal(await outcome.promise, 'failed')
      assert.equal(await (await fetch(`${url}/token`)).text(), 'alive')
    },
  ),

  adapterCase('hands over headers, and the address of the peer', async ({ start }) => {
    const contexts: unknown[] = []
    const url = await start({
      mounted: [
        probe((request, { clientAddress }) => {
          contexts.push(clientAddress)
          return echo(request)
        }),
      ],
    })
    const headers = { authorization: 'Bearer a.b-c', cookie: 'a=1; b=2', 'x-forwarded-for': '192.0.2.1' }
    const arrived = (await echoed(fetch(`${url}/token`, { headers }))).headers
    assert.deepEqual([arrived.authorization, arrived.cookie], [headers.authorization, headers.cookie])
    assert.deepEqual(contexts, ['127.0.0.1'])
  }),

  adapterCase('hands over headers that came twice, and the host', async ({ start }) => {
    const url = await start({ mounted: [probe(echo)] })
    const { host } = new URL(url)
    const { text: answer } = await sendRaw(
      url,
      `GET /token HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n`,
    )
    for (const header of ['"x-a":"1, 2"', '"cookie":"a=1; b=2"', `"host":"${host}"`]) {
      assert.ok(answer.includes(header), `${header} is not in ${answer}`)
    }
  }),

  adapterCase(
    'hands over two tokens as two, so that neither is taken for the only one',
    async ({ start }) => {
      const url = await start({ mounted: [probe(echo)] })
      const { text: answer } = await sendRaw(
        url,
        `GET /token HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\nConnection: close\r\n\r\n`,
      )
      assert.ok(answer.includes('"authorization":"Bearer a, Bearer b"'), `both are not in ${answer}`)
    },
  ),

  adapterCase('hands over a body while it arrives', async ({ start }) => {
    const began = deferred<string>()
    const url = await start({
      mounted: [
        probe(async ({ body }) => {
          const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
          const first = (await reader?.read())?.value ?? ''
          began.resolve(first)
          let rest = ''
          for (let more = await reader?.read(); more && !more.done; more = await reader?.read()) {
            rest += more.value
          }
          return new Response(`${first}|${rest}`)
        }),
      ],
    })
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const received = text(socket)
    socket.write(
      'POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\none',
    )
    assert.equal(await began.promise, 'one')
    socket.write('two')
    assert.match(await received, /one\|two/)
  }),

  adapterCase('tells two bodies apart that arrive together', async ({ start }) => {
    const both = meeting(2)
    const url = await start({
      mounted: [
        probe(async (request) => {
          await both()
          return echo(request)
        }),
      ],
    })
    const ask = (n: number) =>
      echoed(fetch(`${url}/token?${n}`, { method: 'POST', headers: { 'x-n': `${n}` }, body: `body ${n}` }))
    for (const [index, { path, headers, body }] of (await Promise.all([ask(0), ask(1)])).entries()) {
      assert.deepEqual([path, headers['x-n'], body], [`/token?${index}`, `${index}`, `body ${index}`])
    }
  }),

  adapterCase('aborts the signal of a request whose client has gone', async ({ start }) => {
    const arrived = deferred()
    const aborted = deferred()
    const url = await start({
      mounted: [
        probe(async ({ signal }) => {
          signal.addEventListener('abort', () => aborted.resolve())
          arrived.resolve()
          await aborted.promise
          return new Response('too late')
        }),
      ],
    })
    const client = new AbortController()
    const gone = fetch(`${url}/mcp`, { method: 'POST', body: '{}', signal: client.signal })
    await arrived.promise
    client.abort()
    await assert.rejects(gone)
    await aborted.promise
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
  }),

  adapterCase('does not abort the signal of a request that was answered', async ({ start }) => {
    const signals: AbortSignal[] = []
    const url = await start({
      mounted: [
        probe(({ signal }) => {
          signals.push(signal)
          return new Response('done')
        }),
      ],
    })
    await (await fetch(`${url}/mcp`, { headers: { connection: 'close' } })).text()
    await (await fetch(`${url}/mcp`)).text()
    assert.equal(signals[0]?.aborted, false)
  }),
]
