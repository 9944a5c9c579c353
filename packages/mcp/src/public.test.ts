import { resourceServer } from '@drawbridge/core'
import { describe, expect, test } from 'vitest'
import { bearer, call, fakeAuth, initialize, post, resource } from './mcp.fixture.ts'
import type { PublicOptions } from './options.ts'
import { answerIn, eras, message, modern, parts, serving, tokens } from './public.fixture.ts'

const challenge = (response: Response) => response.headers.get('www-authenticate')
const rules = { scopes: ['mcp'], tools: { send_mail: ['mail:send'] } }

describe.each(eras)('without a token, by %s', (era, { line, ask }) => {
  const isModern = era.endsWith('2026')

  test.each([
    ...(isModern ? ['server/discover'] : ['ping', 'initialize']),
    'tools/list',
    'resources/list',
    'resources/templates/list',
    'prompts/list',
  ])('%s is answered', async (method) => {
    const { fetch } = serving(line)
    const response = await fetch(ask(method === 'initialize' ? initialize : message(method)))
    expect(response.status).toBe(200)
    expect(await answerIn(response)).toHaveProperty('result')
  })

  test.each(['notifications/initialized', 'notifications/cancelled'])('%s is taken', async (method) => {
    const { fetch } = serving(line)
    const params = method.endsWith('cancelled') ? { requestId: 7 } : {}
    expect((await fetch(ask({ jsonrpc: '2.0', method, params }))).status).toBe(202)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['tools/call', { name: 'open' }, 'tool open for nobody'],
    ['resources/read', { uri: 'notes://open' }, 'resource notes://open for nobody'],
    ['resources/read', { uri: 'books://7' }, 'resource books://7 for nobody'],
    ['prompts/get', { name: 'hello', arguments: { whom: 'me' } }, 'prompt hello for nobody'],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'hello' }, argument: { name: 'whom', value: '' } },
      'completion of hello for nobody',
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'books://{id}' }, argument: { name: 'id', value: '' } },
      'completion of books://{id} for nobody',
    ],
  ])('%s of what is public runs: %j', async (method, params, run) => {
    const { fetch, runs } = serving(line)
    const response = await fetch(ask(message(method, params)))
    expect(response.status).toBe(200)
    expect(await answerIn(response)).toHaveProperty('result')
    expect(runs).toEqual([run])
  })

  test('a call of what is not public is 401, with the challenge for just that', async () => {
    const { fetch, runs } = serving(line, { require: rules })
    const response = await fetch(ask(message('tools/call', { name: 'send_mail' })))
    expect(response.status).toBe(401)
    expect(challenge(response)).toBe(
      `Bearer scope="mcp mail:send", resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', resource)}"`,
    )
    const other = await fetch(ask(message('tools/call', { name: 'secret' })))
    expect([other.status, challenge(other)]).toEqual([401, expect.stringContaining('scope="mcp",')])
    expect(response.headers.get('access-control-expose-headers')).toMatch(/www-authenticate/i)
    expect(runs).toEqual([])
  })

  test('a public handler may find that it needs somebody, and for what', async () => {
    const { fetch, runs } = serving(line, { require: rules })
    const response = await fetch(ask(message('tools/call', { name: 'ask' })))
    expect([response.status, challenge(response)]).toEqual([401, expect.stringContaining('scope="mcp more"')])
    expect(runs).toEqual([])
  })

  test('everything is listed, so that clients find what needs a sign-in', async () => {
    const { fetch } = serving(line, { require: rules })
    expect(await namesListed(fetch, ask, {})).toEqual({
      tools: [
        'open',
        'secret',
        'send_mail',
        'whoami',
        'ask',
        'ask_in_result',
        'ask_by_status',
        'upstream',
        'fetched',
        'wait',
      ],
      resources: ['notes://open', 'notes://secret'],
      resourceTemplates: ['books://{id}', 'books://{+path}', 'vault://{id}'],
      prompts: ['hello', 'plan'],
    })
  })

  test("with list: 'public', only what is public, and who has signed in sees the rest", async () => {
    const { fetch } = serving(line, { public: { ...parts, list: 'public' } })
    expect(await namesListed(fetch, ask, {})).toEqual({
      tools: [...parts.tools],
      resources: ['notes://open'],
      resourceTemplates: ['books://{id}'],
      prompts: ['hello'],
    })
    expect((await namesListed(fetch, ask, bearer('ada'))).tools).toContain('secret')
  })

  test('with discovery: false, nobody learns what there is, and public components are still served', async () => {
    const { fetch, runs } = serving(line, { public: { ...parts, discovery: false }, require: rules })
    const asked = [
      'initialize',
      'server/discover',
      'tools/list',
      'resources/list',
      'resources/templates/list',
      'prompts/list',
    ]
    for (const method of asked) {
      const response = await fetch(ask(method === 'initialize' ? initialize : message(method)))
      expect([method, response.status, challenge(response)]).toEqual([
        method,
        401,
        expect.stringContaining('scope="mcp"'),
      ])
    }
    const listening = message('subscriptions/listen', { notifications: { toolsListChanged: true } })
    expect((await fetch(ask(listening))).status).toBe(401)
    expect((await fetch(ask(message('tools/call', { name: 'open' })))).status).toBe(200)
    expect(runs).toEqual(['tool open for nobody'])
  })

  test('a bad token is 401 invalid_token, also for what is public', async () => {
    const { fetch, runs } = serving(line)
    for (const params of [{ name: 'open' }, { name: 'secret' }]) {
      const response = await fetch(ask(message('tools/call', params), bearer('stale')))
      expect([response.status, challenge(response)]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ])
    }
    expect((await fetch(ask(message('tools/list'), bearer('stale')))).status).toBe(401)
    expect(runs).toEqual([])
  })

  test('with a token, everything is as without `public`', async () => {
    const { fetch, runs } = serving(line, { require: rules })
    for (const name of ['open', 'secret']) {
      expect((await fetch(ask(message('tools/call', { name }), bearer('ada')))).status).toBe(200)
    }
    const short = await fetch(ask(message('tools/call', { name: 'send_mail' }), bearer('ada')))
    expect([short.status, challenge(short)]).toEqual([403, expect.stringContaining('mcp mail:send')])
    expect(runs).toEqual(['tool open for ada', 'tool secret for ada'])
    expect((await fetch(post('{', bearer('ada')))).status).toBe(400)
  })
})

async function namesListed(
  fetch: (request: Request) => Promise<Response>,
  ask: (typeof eras)[number][1]['ask'],
  headers: Record<string, string>,
): Promise<Record<string, string[]>> {
  const lists = { tools: 'name', resources: 'uri', resourceTemplates: 'uriTemplate', prompts: 'name' }
  const methods = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']
  const named = await Promise.all(
    Object.entries(lists).map(async ([member, name], index) => {
      const response = await fetch(ask(message(methods[index] ?? ''), headers))
      const { result } = (await answerIn(response)) as { result: Record<string, Record<string, string>[]> }
      return [member, result[member]?.map((one) => one[name])]
    }),
  )
  return Object.fromEntries(named)
}

test('subscriptions/listen for changes of lists needs no token, for what is not public it does', async () => {
  const { fetch } = serving('v2')
  const listen = (notifications: object) => modern(message('subscriptions/listen', { notifications }))
  for (const notifications of [{ toolsListChanged: true }, { resourceSubscriptions: ['notes://open'] }]) {
    const response = await fetch(listen(notifications))
    expect(response.status).toBe(200)
    await response.body?.cancel()
  }
  for (const notifications of [
    { resourceSubscriptions: ['notes://secret'] },
    { toolsListChanged: true, resourceSubscriptions: ['notes://open', 'notes://secret'] },
    { resourceSubscriptions: 'notes://open' },
    { somethingNew: true },
  ]) {
    expect([notifications, (await fetch(listen(notifications))).status]).toEqual([notifications, 401])
  }
})

describe.each(['v1', 'v2'] as const)('without a token, at an mcp() of %s', (line) => {
  test.each([false, true])('only POST is allowed, with or without sessions (%s)', async (sessions) => {
    const { fetch } = serving(line, { sessions })
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'HEAD']) {
      const response = await fetch(
        new Request(resource, { method, headers: { accept: 'text/event-stream' } }),
      )
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST'])
    }
    const preflight = await fetch(
      new Request(resource, { method: 'OPTIONS', headers: { origin: 'https://app.test' } }),
    )
    expect(preflight.status).toBe(204)
  })

  test.each<[string, BodyInit, string]>([
    ['what is no JSON', '{"jsonrpc":', 'mcp'],
    ['nothing', '', 'mcp'],
    ['more than 64 kB', JSON.stringify({ ...call('open'), filler: 'x'.repeat(65_536) }), 'mcp'],
    [
      'what servers and gates may read differently',
      '{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{}}',
      'mcp',
    ],
    [
      'such a call of a tool, whose scopes are named',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_mail","__proto__":{}}}',
      'mcp mail:send',
    ],
    ['an unknown method', JSON.stringify(message('tools/run', { name: 'open' })), 'mcp'],
    ['no method', JSON.stringify({ jsonrpc: '2.0', id: 1 }), 'mcp'],
    ['no message', '"ping"', 'mcp'],
    ['no messages', '[]', 'mcp'],
    [
      'a batch with one that is protected',
      JSON.stringify([call('open', {}, 1), call('send_mail', {}, 2)]),
      'mcp mail:send',
    ],
    [
      'a batch with one that is unknown',
      JSON.stringify([call('open', {}, 1), message('tools/run', {}, 2)]),
      'mcp',
    ],
    ['a batch in a batch', JSON.stringify([[call('open')]]), 'mcp'],
    ['a batch with something else in it', JSON.stringify([call('open'), null]), 'mcp'],
  ])('%s is 401', async (_, body, scope) => {
    const { fetch, runs } = serving(line, { require: rules })
    const response = await fetch(post(body))
    expect([response.status, challenge(response)]).toEqual([401, expect.stringContaining(`scope="${scope}"`)])
    expect(challenge(response)).not.toContain('error=')
    expect(runs).toEqual([])
  })

  test('a batch of what is public is served', async () => {
    const { fetch, runs } = serving(line)
    expect((await fetch(post([call('open', {}, 1), call('open', {}, 2)]))).status).toBe(200)
    expect(runs).toEqual(['tool open for nobody', 'tool open for nobody'])
  })

  test('a body as large as 64 kB is read', async () => {
    const { fetch } = serving(line)
    const body = JSON.stringify({ ...call('open'), filler: '' })
    const full = body.replace('"filler":""', `"filler":"${'x'.repeat(65_536 - body.length)}"`)
    expect(full).toHaveLength(65_536)
    expect((await fetch(post(full))).status).not.toBe(401)
  })

  test('start-up says what everybody can use and see', () => {
    const said = (options: PublicOptions) => serving(line, { public: options }).notices.join()
    expect(said(parts)).toMatch(
      /everybody can use: open, whoami, ask, ask_in_result, wait, notes:\/\/open, books:\/\/\{id\}, hello\./,
    )
    expect(said(parts)).toMatch(/descriptions and schemas of everything else can be read, too/)
    expect(said({ tools: ['open'], list: 'public' })).toMatch(/and those of nothing else/)
    expect(said({ tools: ['open'], discovery: false })).toMatch(/takes a token to learn/)
  })

  test('a name cannot be both public and required', () => {
    expect(() => serving(line, { require: { tools: { open: ['mcp'] } } })).toThrow(
      /^public\.tools: holds "open", for which `require\.tools` names a requirement/,
    )
    expect(() => serving(line, { require: { resources: { 'notes://open': ['mcp'] } } })).toThrow(
      /^public\.resources: /,
    )
    expect(() => serving(line, { require: { prompts: { hello: ['mcp'] } } })).toThrow(/^public\.prompts: /)
  })

  test('what is no template is told at the start', () => {
    const resources = { 'x://{': ['mcp'] }
    expect(() => serving(line, { public: { resources: ['x://{'] } })).toThrow(
      /^public\.resources: holds "x:\/\/\{", which is no URI template \(Unclosed template expression\)/,
    )
    expect(() => serving(line, { require: { resources } })).toThrow(/^require\.resources: holds "x:/)
  })

  test('what a requirement covers is not public, by whichever template', async () => {
    const { fetch, runs } = serving(line, { require: { resources: { 'books://{+path}': ['read'] } } })
    const response = await fetch(post(message('resources/read', { uri: 'books://7' })))
    expect([response.status, challenge(response)]).toEqual([401, expect.stringContaining('scope="read"')])
    const ref = { type: 'ref/resource', uri: 'books://{id}' }
    const completion = message('completion/complete', { ref, argument: { name: 'id', value: '' } })
    expect((await fetch(post(completion))).status).toBe(401)
    expect(runs).toEqual([])
  })
})

describe('an Authorization header', () => {
  const verifier = { verify: async () => ({ status: 'invalid' as const, reason: 'unknown' }) }
  const gates = {
    fake: fakeAuth(tokens),
    real: resourceServer({ resource, authorizationServers: ['https://as.test'], verifier, log: false }),
  }

  // Whoever sends one meant to sign in: a variable was empty, or the client speaks something else. To serve them as
  // nobody would hide that, and what they may see would depend on a mistake.
  test.each([
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'bearer stale',
    'Bearer a, Bearer b',
    'Negotiate',
    'x',
  ])('is never taken for none, whatever is in it: "%s"', async (authorization) => {
    const served = serving('v1', { auth: gates.real as never })
    const response = await served.fetch(post(call('open'), { authorization }))
    expect([response.status, challenge(response)]).toEqual([
      401,
      expect.stringMatching(/^Bearer resource_metadata=/),
    ])
    const isBearer = /^bearer/i.test(authorization)
    // RFC 6750 3.1: of a scheme that is not ours, nothing is said to be wrong with a token.
    expect(challenge(response)?.includes('error="invalid_token"')).toBe(isBearer)
    expect(served.runs).toEqual([])
  })

  test('that is missing is the only one that makes nobody', async () => {
    const served = serving('v1', { auth: gates.real as never })
    expect((await served.fetch(post(call('open')))).status).toBe(200)
    expect((await served.fetch(post(call('open'), { 'x-authorization': 'Bearer x' }))).status).toBe(200)
  })
})

test.each(['2025', '2026'])(
  'a public tool whose scopes the SDK asks for is 401 with them (protocol of %s)',
  async (year) => {
    const { McpServer, requireScopes } = await import('@modelcontextprotocol/server')
    const { mcp } = await import('./v2.ts')
    let ran = 0
    const { fetch } = mcp({
      auth: fakeAuth(tokens),
      require: { scopes: ['mcp'] },
      public: { tools: ['draft'] },
      onNotice() {},
      server: () => {
        const server = new McpServer({ name: 'x', version: '1' })
        server.registerTool('draft', { scopeChallenge: requireScopes('drafts') }, () => {
          ran += 1
          return { content: [] }
        })
        return server
      },
    })
    const asked = message('tools/call', { name: 'draft' })
    const response = await fetch(year === '2026' ? modern(asked) : post(asked))
    expect([response.status, challenge(response)]).toEqual([
      401,
      expect.stringContaining('scope="mcp drafts"'),
    ])
    expect(ran).toBe(0)
  },
)
