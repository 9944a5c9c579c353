import { expect, test, vi } from 'vitest'
import { lines, type SdkLine } from './lines.fixture.ts'
import { bearer, call, fakeAuth, toolText, until } from './mcp.fixture.ts'

const tokens = { alice: { subject: 'alice' }, reader: { scopes: [] } }

/** The older revision and that without sessions, which one server speaks. */
const [older, stateless] = lines.filter(({ name }) => name.startsWith('v2')) as [SdkLine, SdkLine]

test('clients of both revisions are served side by side, with sessions for those that have them', async () => {
  const servers = stateless.servers()
  const served = stateless.mcp({ auth: fakeAuth(tokens), server: servers.create, sessions: true })
  const inSession = await older.connected(served, 'alice')
  expect(inSession.sessionId()).toMatch(/^[0-9a-f-]{36}$/)
  expect(servers.made()).toBe(1)

  const alone = await stateless.connected(served, 'alice')
  expect(alone.sessionId()).toBeUndefined()
  const answers = await Promise.all(
    [inSession, alone, inSession, alone].map(({ client }, n) => toolText(client, 'echo', { say: `${n}` })),
  )
  expect(answers).toEqual(['0', '1', '2', '3'])
  // One for the session; for the other client one for server/discover and each call.
  expect(servers.made()).toBe(4)
  await until(() => servers.closed() === 3)
  await inSession.client.close()
  await alone.client.close()
  await served.close()
  expect(servers.closed()).toBe(4)
})

test("a session's id on a request without sessions reaches no session", async () => {
  const servers = stateless.servers()
  const { fetch } = stateless.mcp({ auth: fakeAuth(tokens), server: servers.create, sessions: true })
  const begun = await fetch(older.post(older.hello, bearer('alice')))
  await begun.text()
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
  const answer = await fetch(stateless.post(call('whoami'), { ...bearer('reader'), ...session }))
  expect((await answer.json()).result.content[0].text).toContain('"token":"reader"')
  expect(servers.made()).toBe(2)
})

test.each([
  [undefined, false, 'application/json'],
  [undefined, true, 'text/event-stream'],
  ['sse', false, 'text/event-stream'],
  ['sse', true, 'text/event-stream'],
  ['json', false, 'application/json'],
  ['json', true, 'application/json'],
] as const)('responses: %s, with progress: %s, is %s', async (responses, isTold, type) => {
  const { fetch } = stateless.mcp({ auth: fakeAuth(tokens), server: stateless.servers().create, responses })
  const steps = call('steps')
  const params = { ...(steps.params as object), ...(isTold && { _meta: { progressToken: 'p' } }) }
  const response = await fetch(stateless.post({ ...steps, params }, bearer('alice')))
  expect(response.headers.get('content-type')?.split(';')[0]).toBe(type)
  const answer = await response.text()
  expect(answer.match(/notifications\/progress/g) ?? []).toHaveLength(
    isTold && type === 'text/event-stream' ? 2 : 0,
  )
  expect(answer).toContain('"text":"done"')
})

test('every refusal carries the id of its request, and is no fault of ours', async () => {
  const onError = vi.fn()
  const { fetch } = stateless.mcp({
    auth: fakeAuth(tokens),
    server: stateless.servers().create,
    require: { tools: { send_mail: ['mail:send'] } },
    onError,
  })
  const reader = bearer('reader')
  const asked = { ...call('echo', { say: 'x' }), id: 'mine' }
  const envelope = Object.keys(
    (stateless.stamped(asked) as { params: { _meta: object } }).params._meta,
  ) as string[]
  const without = (name: string) => ({ ...asked, params: { name: 'echo', _meta: { [name]: undefined } } })
  const cases: [number, Request][] = [
    [403, stateless.post({ ...call('send_mail'), id: 'mine' }, reader)],
    [415, stateless.post(asked, { ...reader, 'content-type': 'text/plain' })],
    [400, stateless.post(asked, { ...reader, 'mcp-protocol-version': '2099-01-01' })],
    [400, stateless.post(asked, { ...reader, 'mcp-method': 'tools/list' })],
    [400, stateless.post(asked, { ...reader, 'mcp-name': 'send_mail' })],
    [404, stateless.post({ ...asked, method: 'unheard/of' }, reader)],
    ...envelope
      .filter((name) => !name.endsWith('clientInfo'))
      .map((name): [number, Request] => [400, stateless.post(without(name), reader)]),
  ]
  for (const [status, request] of cases) {
    const response = await fetch(request)
    const body = await response.json()
    expect([response.status, body.id]).toEqual([status, 'mine'])
    expect(body.error.code).toEqual(expect.any(Number))
  }
  expect(onError).not.toHaveBeenCalled()
})

test('a tool that a header does not name is not called, whatever the gate has seen', async () => {
  const servers = stateless.servers()
  const { fetch } = stateless.mcp({
    auth: fakeAuth(tokens),
    server: servers.create,
    require: { tools: { send_mail: ['mail:send'] } },
  })
  const honest = stateless.headersOf(call('echo'))
  const sent = stateless.stamped(call('send_mail'))
  for (const [headers, body] of [
    [honest, sent],
    [{}, sent],
    [honest, call('send_mail')],
    [{ 'mcp-protocol-version': '2025-11-25' }, sent],
    [honest, [sent]],
    [honest, [stateless.stamped(call('echo')), sent]],
  ] as const) {
    const { status } = await fetch(older.post(body, { ...bearer('reader'), ...headers }))
    expect(status).toBe(403)
  }
  expect(servers.calls).toEqual([])
})
