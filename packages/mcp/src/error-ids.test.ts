import { expect } from 'vitest'
import { onEachLine, onEachLineWithSessions, type SdkLine } from './lines.fixture.ts'
import { bearer, call, fakeAuth, resource } from './mcp.fixture.ts'

const tokens = { reader: {}, mailer: { scopes: ['mail:send'] } }

function served(line: SdkLine, more: { sessions?: boolean; server?: () => never } = {}) {
  return line.mcp({
    auth: fakeAuth(tokens),
    server: line.servers().create,
    require: { tools: { send_mail: ['mail:send'] } },
    onError: () => {},
    ...more,
  })
}

async function answered(line: SdkLine, request: Request, more: Parameters<typeof served>[1] = {}) {
  const response = await served(line, more).fetch(request)
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const reader = bearer('reader')

onEachLine(
  'a refused tool call is a JSON-RPC error for that call, with the challenge in the header',
  async (line) => {
    for (const id of [7, 'seven', '', 0]) {
      const { status, headers, body } = await answered(line, line.post({ ...call('send_mail'), id }, reader))
      expect(status).toBe(403)
      expect(headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="mail:send"')
      expect(headers.get('content-type')).toBe('application/json')
      expect(body).toEqual({
        jsonrpc: '2.0',
        id,
        error: { code: -32000, message: expect.any(String), data: { error: 'refused' } },
      })
    }
  },
)

onEachLineWithSessions('every refusal of a request that was read carries its id', async (line) => {
  const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' }
  const session = { ...reader, 'mcp-session-id': 'none' }
  const failing = () => {
    throw new Error('factory')
  }
  const outage = () => {
    throw Object.assign(new Error('store'), { name: 'Unavailable' })
  }
  const cases: [number, Request, Parameters<typeof served>[1]?][] = [
    [406, line.post(ping, { ...reader, accept: 'text/html' })],
    [415, line.post(ping, { ...reader, 'content-type': 'text/plain' })],
    [400, line.post(ping, { ...reader, 'mcp-protocol-version': '1900-01-01' })],
    [400, line.post({ ...ping, extra: 1 }, reader)],
    [400, line.post('{"jsonrpc":"2.0","id":"p","method":"ping","params":{"__proto__":1}}', reader)],
    [400, line.post(ping, reader), { sessions: true }],
    [404, line.post(ping, session), { sessions: true }],
    [500, line.post(ping, reader), { server: failing }],
    [503, line.post(ping, reader), { server: outage }],
  ]
  for (const [status, request, more] of cases) {
    const answer = await answered(line, request, more)
    expect([answer.status, answer.body.id]).toEqual([status, 'p'])
    expect(answer.body.jsonrpc).toBe('2.0')
  }
})

onEachLineWithSessions('the id is null where none was read', async (line) => {
  const unread: [number, Request, Parameters<typeof served>[1]?][] = [
    [400, line.post('{"jsonrpc":"2.0","id":1,', reader)],
    [413, line.post({ ...line.hello, id: 1 }, { ...reader, 'content-length': '5000000' })],
    [405, new Request(resource, { method: 'PUT', headers: reader })],
    [404, new Request(resource, { headers: { ...reader, 'mcp-session-id': 'none' } }), { sessions: true }],
    [400, line.post({ jsonrpc: '2.0', id: {}, method: 'ping' }, reader)],
    [400, line.post({ jsonrpc: '2.0', id: null, method: 'ping' }, reader)],
    [406, line.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { ...reader, accept: '*/*' })],
  ]
  for (const [status, request, more] of unread) {
    const answer = await answered(line, request, more)
    expect([answer.status, answer.body.id]).toEqual([status, null])
  }
})

onEachLineWithSessions("a client's answer that is refused is not taken for its own request", async (line) => {
  const result = { jsonrpc: '2.0', id: 1, result: {} }
  const answer = await answered(line, line.post(result, { ...reader, 'mcp-session-id': 'none' }), {
    sessions: true,
  })
  expect([answer.status, answer.body.id]).toEqual([404, null])
})

onEachLine('a batch that is refused whole has an error for each of its requests', async (line) => {
  const batch = [
    call('echo', { say: 'x' }, 1),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    call('send_mail', {}, 2),
  ]
  const { status, body } = await answered(line, line.post(batch, reader))
  expect(status).toBe(403)
  expect(body.map(({ id }: { id: unknown }) => id)).toEqual([1, 2])
  expect(body[0].error).toEqual(body[1].error)
  const one = await answered(line, line.post([call('send_mail', {}, 3)], reader))
  expect(one.body.map(({ id }: { id: unknown }) => id)).toEqual([3])
  const many = await answered(
    line,
    line.post(
      Array.from({ length: 101 }, () => call('echo')),
      reader,
    ),
  )
  expect([many.status, many.body.id]).toEqual([400, null])
})
