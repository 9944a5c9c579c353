import { describe, expect, test } from 'vitest'
import { bearer, call, fakeAuth, post, resource } from './mcp.fixture.ts'
import { answerIn, eras, message, parts, serving } from './public.fixture.ts'

const rules = { scopes: ['mcp'], tools: { send_mail: ['mail:send'] } }
const metadata = new URL('/.well-known/oauth-protected-resource/mcp', resource).href

type Tool = { name: string; securitySchemes?: unknown; _meta?: { securitySchemes?: unknown } }

describe.each(eras)('for ChatGPT, by %s', (era, { line, ask }) => {
  const isModern = era.endsWith('2026')

  test.each([{}, bearer('ada')])('each tool says what sign-in it needs, twice (%j)', async (headers) => {
    const { fetch } = serving(line, { require: rules })
    const { result } = await answerIn(await fetch(ask(message('tools/list'), headers)))
    const listed = (result as { tools: Tool[] }).tools
    const of = (name: string) => listed.find((tool) => tool.name === name)
    expect(of('open')?.securitySchemes).toEqual([{ type: 'noauth' }, { type: 'oauth2', scopes: ['mcp'] }])
    expect(of('secret')?.securitySchemes).toEqual([{ type: 'oauth2', scopes: ['mcp'] }])
    expect(of('send_mail')?.securitySchemes).toEqual([{ type: 'oauth2', scopes: ['mcp', 'mail:send'] }])
    for (const { securitySchemes, _meta } of listed) expect(_meta?.securitySchemes).toEqual(securitySchemes)
  })

  test('a tool says nothing of that where nothing is public', async () => {
    const { fetch } = serving(line, { public: undefined as never, require: rules })
    const { result } = await answerIn(await fetch(ask(message('tools/list'), bearer('ada'))))
    expect(JSON.stringify(result)).not.toContain('securitySchemes')
  })

  test.each(['sse', 'json'] as const)(
    "with challenge: 'result', a call is answered by a result that asks to sign in (%s)",
    async (responses) => {
      const served = serving(line, { responses, require: rules, public: { ...parts, challenge: 'result' } })
      for (const [name, scope] of [
        ['secret', 'mcp'],
        ['send_mail', 'mcp mail:send'],
        ['ask', 'mcp more'],
      ]) {
        const response = await served.fetch(ask(message('tools/call', { name }, 'a')))
        expect([name, response.status, response.headers.get('content-type')]).toEqual([
          name,
          200,
          'application/json',
        ])
        const answer = await response.json()
        expect(answer).toEqual({
          jsonrpc: '2.0',
          id: 'a',
          result: {
            isError: true,
            content: [{ type: 'text', text: expect.stringContaining('sign in') }],
            _meta: {
              'mcp/www_authenticate': [
                `Bearer scope="${scope}", resource_metadata="${metadata}", error="insufficient_scope", error_description="Sign in to use this."`,
              ],
            },
            ...(isModern && { resultType: 'complete' }),
          },
        })
      }
      expect(served.runs).toEqual([])
    },
  )

  test("with challenge: 'result', so is one with too little scope", async () => {
    const served = serving(line, { require: rules, public: { ...parts, challenge: 'result' } })
    const response = await served.fetch(ask(message('tools/call', { name: 'send_mail' }), bearer('ada')))
    expect(response.status).toBe(200)
    const { result } = (await response.json()) as { result: Record<string, unknown> }
    expect(result.isError).toBe(true)
    expect(result._meta).toEqual({
      'mcp/www_authenticate': [
        `Bearer error="insufficient_scope", scope="mcp mail:send", resource_metadata="${metadata}"`,
      ],
    })
    expect(served.runs).toEqual([])
  })

  test("with challenge: 'result', all else is asked for as ever", async () => {
    const { fetch } = serving(line, { public: { ...parts, challenge: 'result' } })
    const statuses = await Promise.all(
      [
        ask(message('resources/read', { uri: 'notes://secret' })),
        ask(message('prompts/get', { name: 'plan' })),
        ask(message('tools/call', { name: 'secret' }, null)),
        ask({ jsonrpc: '2.0', method: 'tools/call', params: { name: 'secret' } }),
        ask(message('tools/call', { name: 'open' }), bearer('stale')),
        post('{'),
        post([call('secret')]),
      ].map(async (request) => (await fetch(request)).status),
    )
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 401])
  })

  test('without the option, a handler may still ask so, and only for its own call', async () => {
    const { fetch } = serving(line, { require: rules })
    const own = await fetch(ask(message('tools/call', { name: 'ask_in_result' })))
    expect(own.status).toBe(200)
    expect(await own.json()).toMatchObject({
      result: {
        isError: true,
        _meta: { 'mcp/www_authenticate': [expect.stringContaining('scope="mcp more"')] },
      },
    })
    expect((await fetch(ask(message('tools/call', { name: 'ask' })))).status).toBe(401)
  })

  test('a handler may ask by HTTP status where the option says otherwise', async () => {
    const { fetch } = serving(line, {
      public: { ...parts, tools: [...parts.tools, 'ask_by_status'], challenge: 'result' },
    })
    expect((await fetch(ask(message('tools/call', { name: 'ask_by_status' })))).status).toBe(401)
  })
})

test('a tool that brings its own securitySchemes keeps them', async () => {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js')
  const { mcp } = await import('./v1.ts')
  const own = [{ type: 'oauth2', scopes: ['large'] }]
  const { fetch } = mcp({
    auth: fakeAuth({}),
    public: { tools: ['open'] },
    responses: 'json',
    onNotice() {},
    server: () => {
      const server = new McpServer({ name: 'x', version: '1' })
      server.registerTool('transfer', { _meta: { securitySchemes: own, 'acme/x': 1 } }, () => ({
        content: [],
      }))
      return server
    },
  })
  const { result } = await (await fetch(post(message('tools/list')))).json()
  expect(result.tools).toMatchObject([{ securitySchemes: own, _meta: { securitySchemes: own, 'acme/x': 1 } }])
})
