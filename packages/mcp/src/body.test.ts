import { expect, test, vi } from 'vitest'
import { readMessage } from './body.ts'
import { onEachLine, onEachLineWithSessions, type SdkLine } from './lines.fixture.ts'
import { bearer, call, fakeAuth, post, resource } from './mcp.fixture.ts'

const tokens = { reader: { scopes: ['mcp'] } }

function served(line: SdkLine, more: { sessions?: boolean; responses?: 'sse' | 'json' } = {}) {
  const servers = line.servers()
  const onError = vi.fn()
  const require = { tools: { send_mail: ['mail:send'] } }
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create, require, onError, ...more })
  const mail = JSON.stringify(line.stamped(call('send_mail')))
  return { servers, onError, mail, send: (body: BodyInit, headers = {}) => fetch(raw(line, body, headers)) }
}

function raw(line: SdkLine, body: BodyInit, headers: Record<string, string> = {}): Request {
  const its = { ...line.headersOf(call('send_mail')), ...bearer('reader'), ...headers }
  return new Request(line.post('', its), {
    body,
    duplex: 'half',
  } as RequestInit)
}

const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

const mark = [0xef, 0xbb, 0xbf]

onEachLine.with(['each alone', 'in sessions'])(
  'what the gate cannot read, nobody behind it reads: %s',
  async (line, how) => {
    const sessions = how === 'in sessions' && line.hasSessions
    const { send, servers, mail } = served(line, { sessions })
    const begun = sessions ? await send(JSON.stringify(line.hello)) : undefined
    const session = begun?.headers.get('mcp-session-id')
    const unreadable: Record<string, BodyInit> = {
      nothing: '',
      'half a message': mail.slice(0, -1),
      'two messages': mail + mail,
      'a message per line': `${mail}\n${mail}`,
      'two byte order marks': bytes(mark, mark, mail),
      'three byte order marks': bytes(mark, mark, mark, mail),
      'a byte order mark inside': bytes('[', mark, mail, ']'),
      'UTF-16, little-endian': new Uint8Array(Buffer.from(`\uFEFF${mail}`, 'utf16le')),
      'UTF-16, big-endian': new Uint8Array(Buffer.from(`\uFEFF${mail}`, 'utf16le').swap16()),
      'bytes that are no UTF-8': bytes(
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"',
        [0xff],
        '"}}',
      ),
      'an overlong slash': bytes('{"jsonrpc":"2.0","id":1,"method":"tools', [0xc0, 0xaf], 'list"}'),
      'a comment': `/**/${mail}`,
      'a NUL at the end': `${mail}\0`,
    }
    for (const [name, body] of Object.entries(unreadable)) {
      const response = await send(body, session ? { 'mcp-session-id': session } : {})
      expect([name, response.status]).toEqual([name, 400])
      expect((await response.json()).error.code, name).toBe(-32700)
    }
    expect(servers.calls).toEqual([])
    expect(servers.made()).toBe(sessions ? 1 : 0)
  },
)

onEachLine('one byte order mark is passed over, and the message judged like any other', async (line) => {
  const { send, servers, mail } = served(line, { responses: 'json' })
  expect((await send(bytes(mark, mail))).status).toBe(403)
  const echo = call('echo', { say: 'x' })
  const marked = bytes(mark, JSON.stringify(line.stamped(echo)))
  expect((await send(marked, line.headersOf(echo))).status).toBe(200)
  expect(servers.calls).toEqual(['echo'])
})

test('a long header costs no more than a short one', async () => {
  const request = post('no JSON')
  // A space to a regular expression, and none to HTTP. Read by one that looks back, this takes seconds.
  request.headers.set('content-encoding', `${'\u00a0'.repeat(200_000)}x`)
  const before = performance.now()
  expect((await readMessage(request, 1000)).refused?.status).toBe(415)
  expect(performance.now() - before).toBeLessThan(1000)
})

onEachLine('a compressed body is named as what it is', async (line) => {
  const { send, servers, mail } = served(line)
  const packed = new Blob([mail]).stream().pipeThrough(new CompressionStream('gzip'))
  const response = await send(packed, { 'content-encoding': 'gzip' })
  expect(response.status).toBe(415)
  expect((await response.json()).error.message).toMatch(/Content-Encoding/)
  // Some runtimes unpack a body and leave the header: what can be read counts.
  expect((await send(mail, { 'content-encoding': 'gzip' })).status).toBe(403)
  expect(servers.made()).toBe(0)
})

onEachLine(
  'members called __proto__ are refused wherever they stand, since copies of them differ',
  async (line) => {
    const { send, servers } = served(line)
    const proto = '"__proto__":{"name":"send_mail","progressToken":1}'
    const ambiguous = [
      `{"jsonrpc":"2.0","id":1,"method":"tools/call",${proto}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${proto}}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{${proto}}}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"say":"x",${proto}}}}`,
      `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[{${proto}}]}}}]`,
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"\\u005f_proto__":1}}`,
    ]
    for (const body of ambiguous) {
      const response = await send(body)
      expect(response.status, body).toBe(400)
      expect(await response.text()).toContain('__proto__')
    }
    expect(servers.made()).toBe(0)
  },
)

onEachLine.with(['sse', 'json'])(
  'JSON nested too deeply is 400, and a tool may nest (%s)',
  async (line, responses) => {
    const { send, servers, onError } = served(line, { responses })
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    const echo = line.stamped(call('echo', { say: 'heard', more: 0 }, 7))
    const message = (more: string) => JSON.stringify(echo).replace('"more":0', more)
    for (const levels of [1001, 5000, 200_000]) {
      const bodies = [
        nested(levels),
        message(`"a":${nested(levels)}`),
        message(`"_meta":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`),
      ]
      for (const body of bodies) {
        const response = await send(body)
        expect(response.status).toBe(400)
        expect((await response.json()).error).toEqual({
          code: -32600,
          message: 'Invalid Request: nested deeper than 1000 levels',
        })
      }
    }
    expect(servers.made()).toBe(0)
    const answered = await send(message(`"a":${nested(900)}`), line.headersOf(echo))
    expect(answered.status).toBe(200)
    expect(await answered.text()).toContain('"text":"heard"')
    expect(onError).not.toHaveBeenCalled()
  },
)

onEachLine('a batch beyond what a server would look at is refused whole', async (line) => {
  const { send, servers } = served(line)
  const batch = Array.from({ length: 101 }, (_, id) => call('echo', { say: 'x' }, id))
  const response = await send(JSON.stringify(batch))
  expect(response.status).toBe(400)
  expect((await response.json()).error.message).toContain('100 messages')
  expect(servers.made()).toBe(0)
})

onEachLineWithSessions('the body of a GET or DELETE is nobody’s message', async (line) => {
  const { send, servers, mail } = served(line, { sessions: true })
  const session = (await send(JSON.stringify(line.hello))).headers.get('mcp-session-id') ?? ''
  const { fetch } = line.mcp({ auth: fakeAuth(tokens), server: servers.create, sessions: true })
  for (const request of [
    new Request(resource, { method: 'DELETE', body: mail, headers: bearer('reader') }),
    new Request(resource, {
      method: 'DELETE',
      body: mail,
      headers: { ...bearer('reader'), 'mcp-session-id': session },
    }),
  ]) {
    await fetch(request)
    expect(request.bodyUsed).toBe(false)
  }
  expect(servers.calls).toEqual([])
})

onEachLine('methods, names and parameters of odd types reach no tool', async (line) => {
  const { send, servers } = served(line, { responses: 'json' })
  const message = (members: object) => JSON.stringify(line.stamped({ jsonrpc: '2.0', id: 1, ...members }))
  const odd = [
    message({ method: ['tools/call'], params: { name: 'send_mail' } }),
    message({ method: { toString: 'tools/call' }, params: { name: 'send_mail' } }),
    message({ method: 'tools/call', params: { name: ['send_mail'] } }),
    message({ method: 'tools/call', params: { name: { toJSON: 'send_mail' } } }),
    message({ method: 'tools/call', params: ['send_mail'] }),
    message({ method: 'tools/call', params: [{ name: 'send_mail' }] }),
    message({ method: 'tools/call', params: null }),
    message({ method: 'tools/call' }),
    message({ method: 'tools/call ', params: { name: 'send_mail' } }),
    message({ method: 'TOOLS/CALL', params: { name: 'send_mail' } }),
    message({ method: 'tools/call', params: { name: ' send_mail' } }),
    message({ method: 'tools/call', params: { name: 'SEND_MAIL' } }),
    message({ method: 'tools/call', params: { name: 'send_mail\u0000' } }),
    message({ method: 'tools/call', params: { name: 'ｓend_mail' } }),
    message({ method: 'notifications/tools/call', params: { name: 'send_mail' } }),
    message({ Method: 'tools/call', method: 'ping', params: { name: 'send_mail' } }),
  ]
  for (const body of odd) expect((await send(body)).status, body).toBeLessThan(500)
  expect(servers.calls).toEqual([])
  const judged = [
    message({ id: 1.5, method: 'tools/call', params: { name: 'send_mail' } }),
    message({ id: null, method: 'tools/call', params: { name: 'send_mail' } }),
    message({ id: { toJSON: 1 }, method: 'tools/call', params: { name: 'send_mail' } }),
    message({ id: undefined, method: 'tools/call', params: { name: 'send_mail' } }),
    message({ method: 'tools/call', params: { name: 'send_mail', task: { ttl: 1000 } } }),
    `[${message({ method: 'ping' })},${message({ method: 'tools/call', params: { name: 'send_mail' } })}]`,
  ]
  for (const body of judged) expect((await send(body)).status, body).toBe(403)
  expect(servers.calls).toEqual([])
})

onEachLine('a body that an adapter cannot give back is 400, and says what to change', async (line) => {
  const { send, servers, onError } = served(line)
  const failing = (error: unknown) => new ReadableStream({ pull: (controller) => controller.error(error) })
  const hint = Object.assign(new Error('Mount drawbridge() first.'), { name: 'UnreadableBody' })
  for (const [error, message] of [
    [hint, 'Parse error: Mount drawbridge() first.'],
    [new TypeError('terminated'), 'Parse error: The body did not arrive whole.'],
    [undefined, 'Parse error: The body did not arrive whole.'],
  ]) {
    const response = await send(failing(error))
    expect(response.status).toBe(400)
    expect((await response.json()).error).toEqual({ code: -32700, message })
  }
  expect(servers.made()).toBe(0)
  expect(onError).not.toHaveBeenCalled()
})

onEachLine('a body that is too large is not waited for when its sender cannot be told', async (line) => {
  const { send } = served(line)
  const stuck = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
    cancel: () => new Promise(() => {}),
  })
  expect((await send(stuck)).status).toBe(413)
})
