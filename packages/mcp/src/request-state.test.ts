import { marker } from '@drawbridge/core'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import {
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { bearer, fakeAuth, initialize, manualClock, post, resource } from './mcp.fixture.ts'
import { modern as modernRequest } from './public.fixture.ts'
import { mcp } from './v2.ts'

const secret = 'fCwpVgt3qxsXr0cEUtNHqSmFEiHBL5r9ZPpm4KZPq1E='
const otherSecret = '8Uc0b1Ykq3bQYyqXH0pVtJm2dS5wKfWnR7e9aLzGx4o='
const nextSecret = 'Z4mQ0tTn8bLr2pWcVx7sYdKfHjU5aGe1oNi3RzXwC6k='

const tokens = {
  alice: { subject: 'github|1' },
  aliceRefreshed: { subject: 'github|1' },
  aliceElsewhere: { subject: 'github|1', clientId: 'client-2' },
  aliceOfAnotherIssuer: { subject: 'github|1', issuer: 'https://login.acme.dev' },
  bob: { subject: 'github|2' },
}

const confirmation = z.object({ confirm: z.boolean() })
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

type Options = { codec?: boolean; seen?: unknown[] }

/** What a server does who protects nothing: what it gave out is what it believes. */
function createServer({ codec: isProtected = false, seen = [] }: Options = {}) {
  const codec = createRequestStateCodec<string>({ key: 'k'.repeat(32) })
  const server = new McpServer(
    { name: 'fixture', version: '1.0.0' },
    isProtected ? { requestState: { verify: codec.verify } } : {},
  )
  const asks = <Result extends object>({ mcpReq }: ServerContext, result: Result) => {
    const state = mcpReq.requestState<string>()
    seen.push(state)
    return state === undefined ? inputRequired({ requestState: 'asked' }) : result
  }
  const deletes =
    (what: string) =>
    async ({ mcpReq }: ServerContext) => {
      const state = mcpReq.requestState<string>()
      seen.push(state)
      const answer = acceptedContent(mcpReq.inputResponses, 'confirm', confirmation)
      if (answer?.confirm) return text(`deleted ${state}`)
      return inputRequired({
        inputRequests: {
          confirm: inputRequired.elicit({ message: `Delete ${what}?`, requestedSchema: confirmation }),
        },
        requestState: isProtected ? await codec.mint(what) : what,
      })
    }
  server.registerTool('delete', {}, deletes('everything'))
  server.registerTool('tidy', {}, deletes('a little'))
  server.registerPrompt('greet', {}, (context) => asks(context, { messages: [] }))
  server.registerResource('notes', 'notes://all', {}, (_, context) => asks(context, { contents: [] }))
  server.registerTool('hoard', {}, () => inputRequired({ requestState: 'x'.repeat(300_000) }))
  return server
}

type Mcp = ReturnType<typeof mcp>
type McpOptions = Partial<Omit<Parameters<typeof mcp<{ name: string }>>[0], 'server' | 'public'>>

function served(options: McpOptions & Options & { marks?: string | string[] } = {}): Mcp {
  const { codec = false, seen = [], marks = secret, ...rest } = options
  return mcp({
    auth: { ...fakeAuth(tokens), marker: marker(marks) },
    server: () => createServer({ codec, seen }),
    public: { tools: ['delete', 'tidy'] },
    onNotice() {},
    ...rest,
  })
}

const legacy = { versionNegotiation: { mode: 'legacy' } } as const
const modern = { versionNegotiation: { mode: 'auto' } } as const

async function connected({ fetch }: Mcp, token: string | undefined, options: object = modern) {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: { elicitation: {} }, ...options },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { confirm: true } }))
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: (url, init) => fetch(new Request(url, init)),
    requestInit: { headers: token === undefined ? {} : bearer(token) },
  })
  await client.connect(transport)
  return client
}

/** A call of the protocol of 2026-07-28, by hand. */
function callOf(name: string, more: object = {}, token?: string): Request {
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
      },
      ...more,
    },
  }
  return post(message, {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
    ...(token !== undefined && bearer(token)),
  })
}

const confirmed = { inputResponses: { confirm: { action: 'accept', content: { confirm: true } } } }

async function stateFor(server: Mcp, token?: string, tool = 'delete'): Promise<string> {
  const response = await server.fetch(callOf(tool, {}, token))
  const { result } = await response.json()
  expect(result.requestState, JSON.stringify(result)).toEqual(expect.any(String))
  return result.requestState
}

async function comeBack(server: Mcp, requestState: unknown, token?: string, tool = 'delete') {
  const response = await server.fetch(callOf(tool, { ...confirmed, requestState }, token))
  const { result, error } = await response.json()
  return { status: response.status, text: result?.content?.[0]?.text, error }
}

const refused = {
  status: 400,
  text: undefined,
  error: {
    code: -32602,
    message: expect.stringContaining('requestState'),
    data: { reason: 'invalid_request_state' },
  },
}

describe.each([
  ['whose author protects nothing', { codec: false }],
  ["with the SDK's own codec", { codec: true }],
])('a server %s', (_, options) => {
  test.each([['alice'], [undefined]])('asks %s, and goes on with the answer', async (token) => {
    const seen: unknown[] = []
    const client = await connected(served({ ...options, seen }), token)
    expect(await client.callTool({ name: 'delete' })).toMatchObject(text('deleted everything'))
    // The server gets what it gave, and nothing of the mark.
    expect(seen).toEqual([undefined, 'everything'])
    await client.close()
  })

  test.each<[string, string | undefined, string | undefined]>([
    ['one user from another', 'alice', 'bob'],
    ['a user from another client of the same user', 'alice', 'aliceElsewhere'],
    ['a user from one of that name at another issuer', 'alice', 'aliceOfAnotherIssuer'],
    ['a user from nobody', 'alice', undefined],
    ['nobody from a user', undefined, 'alice'],
  ])('takes nothing that was given to %s', async (_, given, returned) => {
    const seen: unknown[] = []
    const server = served({ ...options, seen })
    const state = await stateFor(server, given)
    expect(await comeBack(server, state, returned)).toEqual(refused)
    expect(seen).toEqual([undefined])
    expect(await comeBack(server, state, given)).toMatchObject({ status: 200, text: 'deleted everything' })
  })
})

test.each(['sse', 'json'] as const)('prompts and resources go on, too (%s)', async (responses) => {
  const seen: unknown[] = []
  const client = await connected(served({ seen, responses }), 'alice')
  expect(await client.getPrompt({ name: 'greet' })).toMatchObject({ messages: [] })
  expect(await client.readResource({ uri: 'notes://all' })).toMatchObject({ contents: [] })
  expect(await client.callTool({ name: 'delete' })).toMatchObject(text('deleted everything'))
  expect(seen).toEqual([undefined, 'asked', undefined, 'asked', undefined, 'everything'])
  await client.close()
})

test('what was given is still good with a refreshed token', async () => {
  const server = served()
  const state = await stateFor(server, 'alice')
  expect(await comeBack(server, state, 'aliceRefreshed')).toMatchObject({ text: 'deleted everything' })
})

test('instances with one secret take what the others gave, also when it is being replaced', async () => {
  const state = await stateFor(served(), 'alice')
  expect(await comeBack(served(), state, 'alice')).toMatchObject({ text: 'deleted everything' })
  const rotated = served({ marks: [nextSecret, secret] })
  expect(await comeBack(rotated, state, 'alice')).toMatchObject({ text: 'deleted everything' })
  expect(await comeBack(served({ marks: otherSecret }), state, 'alice')).toEqual(refused)
})

test('what one tool gave is nothing to another, and what one resource gave, to another resource', async () => {
  const server = served()
  const state = await stateFor(server, 'alice', 'tidy')
  expect(await comeBack(server, state, 'alice', 'delete')).toEqual(refused)
  const elsewhere = {
    ...fakeAuth(tokens, { resource: 'https://mcp.acme.dev/other' }),
    marker: marker(secret),
  }
  const other = served({ auth: elsewhere, path: '/mcp' })
  expect(await comeBack(other, state, 'alice', 'tidy')).toEqual(refused)
})

test('a member that the method does not read makes no other component the same', async () => {
  const server = served()
  const read = async (uri: string, more: object = {}) => {
    const message = { id: 1, method: 'resources/read', params: { name: 'the same', uri, ...more } }
    const headers = { ...bearer('alice'), 'mcp-name': uri }
    return (await server.fetch(modernRequest({ jsonrpc: '2.0', ...message }, headers))).json()
  }
  const { requestState } = (await read('notes://all')).result
  expect(await read('notes://all', { requestState })).toMatchObject({ result: { contents: [] } })
  expect(await read('notes://other', { requestState })).toMatchObject({ error: refused.error })
})

test('what is made up, changed or bare is refused, and the server hears nothing of it', async () => {
  const seen: unknown[] = []
  const server = served({ seen })
  const state = await stateFor(server, 'alice')
  const [since = '', id = '', mac = '', given = ''] = state.split('.')
  const wrong = [
    given,
    '',
    '...',
    `${since}.${id}.${mac}.a little`,
    `${since}.${id}.${mac}.${given} `,
    `${since}.${id}..${given}`,
    `${since}0.${id}.${mac}.${given}`,
    `${since}.${id}.${mac.toLowerCase()}.${given}`,
    `0${since}.${id}.${mac}.${given}`,
    state.slice(1),
    'x'.repeat(400_000),
    null,
    7,
    { toString: state },
    [state],
  ]
  for (const one of wrong) expect(await comeBack(server, one, 'alice'), JSON.stringify(one)).toEqual(refused)
  expect(seen).toEqual([undefined])
})

test('a state is good for an hour, or for as long as the option says', async () => {
  for (const [requestStateSeconds, seconds] of [
    [undefined, 3600],
    [60, 60],
  ] as const) {
    const clock = manualClock()
    const server = served({ clock, requestStateSeconds })
    const state = await stateFor(server, 'alice')
    await clock.advance(seconds)
    expect(await comeBack(server, state, 'alice')).toMatchObject({ text: 'deleted everything' })
    await clock.advance(2)
    const { error } = await comeBack(server, state, 'alice')
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('too old') })
  }
})

test('a state of more than a client can carry is an error of the server, told to the operator', async () => {
  const errors: unknown[] = []
  const server = served({ onError: (error: unknown) => errors.push(error) })
  const response = await server.fetch(callOf('hoard', {}, 'alice'))
  expect((await response.json()).error).toMatchObject({
    code: -32603,
    message: expect.stringContaining('300000 characters'),
  })
  expect(String(errors[0])).toContain('requestState')
})

describe('the revisions before', () => {
  test.each([true, false])('nothing changes for a client of then (sessions: %s)', async (sessions) => {
    const seen: unknown[] = []
    const client = await connected(served({ sessions, seen }), 'alice', legacy)
    const answer = await client.callTool({ name: 'delete' })
    // Without a session nobody can be asked.
    if (sessions) expect(answer).toMatchObject(text('deleted everything'))
    else expect(answer).toMatchObject({ isError: true })
    await client.close()
  })

  // The SDK hands such a member on, whatever the revision of its request is.
  test.each([true, false])('are no way around it (sessions: %s)', async (sessions) => {
    const seen: unknown[] = []
    const server = served({ sessions, seen })
    const headers: Record<string, string> = bearer('bob')
    if (sessions) {
      const began = await server.fetch(post(initialize, headers))
      headers['mcp-session-id'] = began.headers.get('mcp-session-id') ?? ''
    }
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'delete', ...confirmed, requestState: 'everything' },
    }
    for (const body of [message, [message], [{ jsonrpc: '2.0', id: 2, method: 'ping' }, message]]) {
      const response = await server.fetch(post(body, headers))
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('-32602')
    }
    expect(seen).toEqual([])
  })
})

describe('without a secret', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  const withoutMarker = (options: object = {}) => {
    const notices: string[] = []
    const server = served({
      auth: fakeAuth(tokens),
      onNotice: (text: string) => notices.push(text),
      ...options,
    })
    const told = () => notices.filter((one) => one.includes('secret'))
    return { server, told }
  }

  test('this process has a key of its own, and says what that means when it is first used', async () => {
    const { server, told } = withoutMarker()
    expect(told()).toEqual([])
    const state = await stateFor(server, 'alice')
    expect(await comeBack(server, state, 'alice')).toMatchObject({ text: 'deleted everything' })
    expect(told()).toEqual([expect.stringContaining('another instance will refuse')])
    expect(await comeBack(withoutMarker().server, state, 'alice')).toEqual(refused)
  })

  test('the option makes instances agree', async () => {
    const { server, told } = withoutMarker({ secret })
    const state = await stateFor(server, 'alice')
    expect(
      await comeBack(withoutMarker({ secret: [nextSecret, secret] }).server, state, 'alice'),
    ).toMatchObject({
      text: 'deleted everything',
    })
    expect(told()).toEqual([])
    expect(await comeBack(withoutMarker({ secret: otherSecret }).server, state, 'alice')).toEqual(refused)
  })

  test('the environment does, too', async () => {
    vi.stubEnv('DRAWBRIDGE_SECRET', secret)
    const { server, told } = withoutMarker()
    const state = await stateFor(server, 'alice')
    expect(await comeBack(served(), state, 'alice')).toMatchObject({ text: 'deleted everything' })
    expect(told()).toEqual([])
  })

  test('one that anybody could guess is refused at construction', () => {
    expect(() => withoutMarker({ secret: 'letmein' })).toThrow('secret')
  })
})
