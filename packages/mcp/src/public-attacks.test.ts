import { describe, expect, test } from 'vitest'
import { bearer, call, post } from './mcp.fixture.ts'
import { eras, message, modern, parts, revision, serving } from './public.fixture.ts'

const prompt = (name: string) => ({
  ref: { type: 'ref/prompt', name },
  argument: { name: 'whom', value: '' },
})
const template = (uri: string) => ({
  ref: { type: 'ref/resource', uri },
  argument: { name: 'id', value: '' },
})

describe.each(eras)('somebody without a token, by %s', (_, { line, ask }) => {
  test.each<[string, Record<string, unknown>]>([
    ['tools/call', { name: 'secret' }],
    ['tools/call', { name: 'open ' }],
    ['tools/call', { name: 'OPEN' }],
    ['tools/call', { name: ['open'] }],
    ['tools/call', { name: { toString: 'open' } }],
    ['tools/call', {}],
    ['tools/call', { name: 'constructor' }],
    ['tools/call', { name: 'hello' }],
    // Its result could be fetched by nobody, and the work goes on without an end.
    ['tools/call', { name: 'open', task: { ttl: 60_000 } }],
    ['tools/call', { name: 'open', task: null }],
    ['resources/read', { uri: 'notes://secret' }],
    ['resources/read', { uri: 'NOTES://secret' }],
    ['resources/read', { uri: 'notes://open/../secret' }],
    ['resources/read', { uri: 'notes://open#' }],
    ['resources/read', { uri: ' notes://open' }],
    ['resources/read', { uri: 'no tes://open\t' }],
    ['resources/read', { uri: 'vault://7' }],
    ['resources/read', { uri: 'vault://{id}' }],
    // Another template would serve them.
    ['resources/read', { uri: 'books://a/b' }],
    ['resources/read', { uri: 'books://{+path}' }],
    ['resources/read', { uri: ['notes://open'] }],
    ['resources/subscribe', { uri: 'notes://secret' }],
    ['resources/unsubscribe', { uri: 'vault://7' }],
    ['prompts/get', { name: 'plan', arguments: { whom: 'me' } }],
    ['prompts/get', { name: 'open' }],
    ['completion/complete', prompt('plan')],
    ['completion/complete', template('vault://{id}')],
    // As text it looks like a URI of the public `books://{id}`.
    ['completion/complete', template('books://{+path}')],
    ['completion/complete', { ...template('books://{id}'), ref: { type: 'ref/tool', name: 'open' } }],
    ['completion/complete', { argument: { name: 'id', value: '' } }],
    ['logging/setLevel', { level: 'debug' }],
    ['tasks/get', { taskId: '1' }],
    ['tasks/list', {}],
    ['tasks/result', { taskId: '1' }],
    ['tasks/cancel', { taskId: '1' }],
    ['tasks/update', { taskId: '1' }],
    ['sampling/createMessage', {}],
    ['elicitation/create', {}],
    ['roots/list', {}],
    ['notifications/roots/list_changed', {}],
    ['notifications/progress', { progressToken: 1, progress: 1 }],
    ['notifications/message', {}],
    ['Tools/List', {}],
    ['tools/list ', {}],
    ['__proto__', {}],
    ['constructor', {}],
    ['', {}],
  ])('does not get through with %s of %j', async (method, params) => {
    const { fetch, runs } = serving(line)
    for (const told of [message(method, params), { jsonrpc: '2.0', method, params }]) {
      const response = await fetch(ask(told))
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Bearer /),
      ])
    }
    expect(runs).toEqual([])
  })

  test.each<[string, Record<string, string>]>([
    ['x-http-method-override', { 'x-http-method-override': 'GET' }],
    ['x-http-method', { 'x-http-method': 'DELETE' }],
    ['mcp-method', { 'mcp-method': 'tools/list' }],
    ['mcp-name', { 'mcp-name': 'open' }],
    ['both', { 'mcp-method': 'tools/call', 'mcp-name': 'open' }],
    ['an encoded name', { 'mcp-name': '=?base64?b3Blbg==?=' }],
    ['another revision', { 'mcp-protocol-version': '2025-03-26' }],
    ['the newest revision', { 'mcp-protocol-version': revision }],
    ['an unknown revision', { 'mcp-protocol-version': '2099-01-01' }],
    ['a session', { 'mcp-session-id': crypto.randomUUID() }],
    ['an event id', { 'last-event-id': '1' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a packed body', { 'content-encoding': 'gzip' }],
    ['a cookie', { cookie: 'access_token=x' }],
    ['a proxy’s credentials', { 'proxy-authorization': 'Bearer ada' }],
  ])('gets nothing else by a header: %s', async (_, headers) => {
    const { fetch, runs } = serving(line, { sessions: true })
    const response = await fetch(ask(message('tools/call', { name: 'secret' }), headers))
    expect(response.status).toBe(401)
    // A public call whose headers speak of something else is no way to that, either.
    const names = headers['mcp-name'] ? { 'mcp-name': 'secret' } : {}
    const disguised = await fetch(ask(message('tools/call', { name: 'open' }), { ...headers, ...names }))
    await disguised.text()
    expect(runs.filter((run) => run !== 'tool open for nobody')).toEqual([])
  })

  test('gets nothing else by saying things twice: the last one counts, for the gate as for the server', async () => {
    const { fetch, runs } = serving(line)
    const twice = async (last: string, first: string) => {
      const request = ask(message('tools/call', { name: last }))
      const body = (await request.text()).replace(`"name":"${last}"`, `"name":"${first}","name":"${last}"`)
      return fetch(new Request(request, { method: 'POST', body, headers: request.headers }))
    }
    expect((await twice('secret', 'open')).status).toBe(401)
    expect((await twice('open', 'secret')).status).toBe(200)
    expect(runs).toEqual(['tool open for nobody'])
  })

  test('gets nothing else by a query', async () => {
    const { fetch } = serving(line)
    const request = ask(message('tools/call', { name: 'secret' }))
    const body = await request.text()
    const init = { method: 'POST', body, headers: request.headers }
    const response = await fetch(new Request(`${request.url}?access_token=ada&method=tools/list`, init))
    expect(response.status).toBe(401)
  })

  test('does not read more of a list by asking for two things under one id', async () => {
    const { fetch, release } = serving(line, { public: { ...parts, list: 'public' } })
    // The list is what comes first.
    const asked = [message('tools/call', { name: 'wait' }), message('tools/list')]
    const response = await fetch(post(asked))
    release()
    const text = await response.text()
    expect(text).toContain('"open"')
    expect(text).not.toContain('secret')
  })

  test('cannot call off what somebody else is waiting for', async () => {
    const { fetch, release } = serving(line, { responses: 'json' })
    const waiting = fetch(ask(message('tools/call', { name: 'wait' }, 7), bearer('ada')))
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }
    expect((await fetch(ask(cancel))).status).toBe(202)
    release()
    expect(await (await waiting).text()).toContain('waited')
  })
})

describe.each(['v1', 'v2'] as const)('somebody without a token, at an mcp() of %s', (line) => {
  test.each<[string, unknown]>([
    ['an answer', { jsonrpc: '2.0', id: 1, result: {} }],
    ['an error', { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } }],
    ['a result beside a method', { jsonrpc: '2.0', id: 1, method: 'tools/run', result: {} }],
    ['a method that is a list', { jsonrpc: '2.0', id: 1, method: ['tools/list'] }],
    ['a method that is an object', { jsonrpc: '2.0', id: 1, method: { toString: 'ping' } }],
    ['params that are a list', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: ['open'] }],
    ['an object with numbered members', { 0: call('open'), length: 1 }],
    ['an envelope around a call', { jsonrpc: '2.0', id: 1, params: call('open') }],
  ])('does not get through with %s', async (_, body) => {
    const { fetch, runs } = serving(line)
    expect((await fetch(post(body))).status).toBe(401)
    expect((await fetch(post([body, message('ping')]))).status).toBe(401)
    expect(runs).toEqual([])
  })

  test('that a batch is of another revision lets nobody in', async () => {
    const { fetch, runs } = serving(line)
    const inner = await modern(message('tools/call', { name: 'secret' })).json()
    expect((await fetch(post([inner, message('ping')]))).status).toBe(401)
    expect((await fetch(post(inner))).status).toBe(401)
    expect(runs).toEqual([])
  })
})
