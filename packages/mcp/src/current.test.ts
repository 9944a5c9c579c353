import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as ServerV2 } from '@modelcontextprotocol/server'
import { expect, test, vi } from 'vitest'
import type { CallContext } from './context.ts'
import { bearer, call, fakeAuth, post, resource } from './mcp.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

vi.mock('@drawbridge/mcp/async-context', () => ({ asyncContext: () => undefined }))

const tokens = Object.fromEntries(
  Array.from({ length: 20 }, (_, n) => [`t${n}`, { subject: `u${n}`, scopes: ['mcp'] }]),
)
const auth = fakeAuth(tokens, {
  upstream: ({ extra }) => ({ access_token: `up-${extra.subject}`, scopes: [], provider: 'github' }),
})
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const options = {
  auth,
  public: { tools: ['whoami', 'without', 'private'] },
  require: { tools: { mail: ['mail:send'] }, lists: 'allowed' },
  onNotice: () => {},
} as const

const tools: Record<string, (context: () => CallContext, ambient: () => unknown) => Promise<string>> = {
  async whoami(context) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
    const { getAuth, getRequest } = context()
    return `${getAuth()?.extra.subject ?? 'nobody'} ${getRequest().headers.get('x-asked-by')}`
  },
  async without(_, ambient) {
    try {
      return String(ambient())
    } catch (error) {
      return String(error)
    }
  },
  private: async (context) => context().requireAuth().token,
  large: async (context) => String(context().requireAuth({ scopes: ['large'] })),
  upstream: async (context) => (await context().getUpstreamToken()).access_token,
  async fetched(context) {
    return (await context().upstreamFetch('data:text/plain,fetched')).text()
  },
  mail: async () => 'sent',
}

const lines: [line: string, serve: () => v1.Mcp, modern: boolean][] = [
  ['v1', () => v1.mcp({ ...options, server: createV1 }), false],
  ['v2', () => v2.mcp({ ...options, server: createV2 }), false],
  ['v2, without initialize', () => v2.mcp({ ...options, server: createV2 }), true],
]

function createV1() {
  const server = new ServerV1({ name: 'fixture', version: '1.0.0' })
  for (const [name, tool] of Object.entries(tools)) {
    server.registerTool(name, {}, async (extra) => text(await tool(() => v1.contextOf(extra), v1.getAuth)))
  }
  return server
}

function createV2() {
  const server = new ServerV2({ name: 'fixture', version: '1.0.0' })
  for (const [name, tool] of Object.entries(tools)) {
    server.registerTool(name, {}, async (ctx) => text(await tool(() => v2.contextOf(ctx), v2.getAuth)))
  }
  return server
}

/** Calls a tool; the text it answers with, or the challenge. */
async function called(served: v1.Mcp, isModern: boolean, name: string, token?: string): Promise<string> {
  const headers = { ...(token && bearer(token)), 'x-asked-by': `${token}` }
  if (!isModern) {
    const response = await served.fetch(post(call(name), headers))
    const body = await response.text()
    const [, data = '{}'] = /^data: (\{.*)$/m.exec(body) ?? []
    return response.headers.get('www-authenticate') ?? JSON.parse(data).result.content[0].text
  }
  let challenge: string | null = null
  const client = new ClientV2({ name: 'a', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    async fetch(url, init) {
      const response = await served.fetch(new Request(url, init))
      challenge ??= response.headers.get('www-authenticate')
      return response
    },
    requestInit: { headers },
  })
  await client.connect(transport)
  const result = await client.callTool({ name }).catch(() => undefined)
  await client.close()
  const [content] = (result?.content ?? []) as { text: string }[]
  return challenge ?? content?.text ?? ''
}

test.each(lines)(
  '%s: parallel calls are told apart by what their handlers are given',
  async (_, serve, m) => {
    const served = serve()
    const everybody = [...Object.keys(tokens), undefined]
    const answers = await Promise.all(everybody.map((token) => called(served, m, 'whoami', token)))
    expect(answers).toEqual(everybody.map((token) => `${token?.replace('t', 'u') ?? 'nobody'} ${token}`))
  },
)

test.each(lines)('%s: a handler that needs more has it asked for', async (_, serve, m) => {
  const served = serve()
  expect(await called(served, m, 'private', 't1')).toBe('t1')
  expect(await called(served, m, 'private')).toMatch(/^Bearer (?!error)/)
  expect(await called(served, m, 'large', 't1')).toMatch(/^Bearer error="insufficient_scope", scope="large"/)
})

test.each(lines)("%s: the provider's token is that of the caller", async (_, serve, m) => {
  expect(await called(serve(), m, 'upstream', 't3')).toBe('up-u3')
  expect(await called(serve(), m, 'fetched', 't3')).toBe('fetched')
})

test.each(lines)(
  '%s: a helper without the argument says what is missing, and no name',
  async (_, serve, m) => {
    expect(await called(serve(), m, 'without', 't1')).toMatch(
      /getAuth\(\) cannot tell whose call this is.*nodejs_compat.*contextOf\(extra\)\.getAuth\(\)/,
    )
  },
)

test.each(lines)('%s: lists still leave out what is not allowed', async (_, serve) => {
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
  const response = await serve().fetch(post(list, bearer('t1')))
  const listed = await response.text()
  expect(listed).toContain('"upstream"')
  expect(listed).not.toContain('"mail"')
})

test.each(['sessions', 'legacySse'])('%s, in which many requests share a server, is refused', (option) => {
  expect(() => v1.mcp({ auth, server: createV1, onNotice: () => {}, [option]: true })).toThrow(
    new RegExp(`^${option}: takes AsyncLocalStorage.*nodejs_compat`),
  )
})

test('something else than the argument of a handler is refused', () => {
  for (const other of [{}, { requestInfo: {} }, new Request('https://a.example')]) {
    expect(() => v1.contextOf(other)).toThrow('was given something else than the last argument')
  }
})
