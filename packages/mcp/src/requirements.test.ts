import { expect, test } from 'vitest'
import { mcp, type RequireOptions } from './index.ts'
import { bearer, call, connected, countingServers, fakeAuth, initialize, post } from './mcp.fixture.ts'

const tokens = {
  reader: { scopes: ['mcp'] },
  mailer: { scopes: ['mcp', 'mail:send', 'mail:as'] },
  halfway: { scopes: ['mcp', 'mail:send'] },
  stranger: { scopes: [] },
}
const rules: RequireOptions = {
  scopes: ['mcp'],
  tools: { send_mail: ['mail:send', 'mail:as'], wait: ['slow'] },
}

function served(require: RequireOptions = rules, responses: 'sse' | 'json' = 'sse') {
  const servers = countingServers()
  return { ...mcp({ auth: fakeAuth(tokens), server: servers.create, require, responses }), servers }
}

test("a tool beyond the token's scopes is 403 with everything the operation needs", async () => {
  const { fetch, servers } = served()
  for (const token of ['reader', 'halfway']) {
    const response = await fetch(post(call('send_mail'), bearer(token)))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(response.headers.get('www-authenticate')).toContain('scope="mcp mail:send mail:as"')
  }
  expect(servers.made()).toBe(0)
  expect((await fetch(post(call('send_mail'), bearer('mailer')))).status).toBe(200)
  expect(servers.calls).toEqual(['send_mail'])
})

test('tools without a rule are open to every token that has the required scopes', async () => {
  const { fetch, servers } = served()
  expect((await fetch(post(call('echo', { say: 'x' }), bearer('stranger')))).status).toBe(403)
  expect((await fetch(post(call('echo', { say: 'x' }), bearer('reader')))).status).toBe(200)
  expect(servers.calls).toEqual(['echo'])
})

test('a batch needs the union, and none of it runs when one call is refused', async () => {
  const { fetch, servers } = served()
  const batch = [call('echo', { say: 'x' }, 1), call('send_mail', {}, 2), call('wait', {}, 3)]
  const response = await fetch(post(batch, bearer('mailer')))
  expect(response.status).toBe(403)
  expect(response.headers.get('www-authenticate')).toContain('scope="mcp mail:send mail:as slow"')
  expect(servers.calls).toEqual([])
})

test('the rule cannot be slipped past by spelling the message differently', async () => {
  const { fetch, servers } = served()
  const calls = [
    '{"jsonrpc":"2.0","id":1,"method":"tools\\u002fcall","params":{"name":"send\\u005fmail"}}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"echo","name":"send_mail"}}',
    '\uFEFF{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_mail"}}',
  ]
  const ambiguous = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"send_mail"}}}',
    '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/call","params":{"name":"send_mail"}}}',
  ]
  for (const contentType of ['application/json', 'application/json; charset=utf-16', 'APPLICATION/JSON;']) {
    const send = (body: string) => fetch(post(body, { ...bearer('reader'), 'content-type': contentType }))
    for (const body of calls) expect((await send(body)).status).toBe(403)
    for (const body of ambiguous) {
      const response = await send(body)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('__proto__')
    }
  }
  expect(servers.calls).toEqual([])
})

test.each(['sse', 'json'] as const)(
  'tools that would be refused can be left out of lists (%s)',
  async (responses) => {
    const names = async (token: string, require?: RequireOptions) => {
      const { client } = await connected(served(require, responses), token)
      const { tools } = await client.listTools()
      await client.close()
      return tools.map(({ name }) => name)
    }
    const allowed = { ...rules, lists: 'allowed' } as const
    expect(await names('reader', allowed)).toEqual(['echo', 'whoami', 'steps'])
    expect(await names('mailer', allowed)).toEqual(['echo', 'whoami', 'steps', 'send_mail'])
    for (const require of [rules, { ...rules, lists: 'all' } as const]) {
      expect(await names('reader', require)).toEqual(expect.arrayContaining(['wait', 'send_mail']))
    }
  },
)

test('in a batch, each listing is filtered and other results are left alone', async () => {
  const { fetch } = served({ ...rules, lists: 'allowed' }, 'json')
  const listing = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/list' })
  const response = await fetch(
    post([listing(1), call('echo', { say: 'x' }, 2), listing(3)], bearer('reader')),
  )
  const [first, echoed, second] = await response.json()
  expect(first.result.tools).toHaveLength(3)
  expect(echoed.result.content).toEqual([{ type: 'text', text: 'x' }])
  expect(second.result.tools).toHaveLength(3)
})

test('a tool called like a member of every object has no rule of its own', async () => {
  const { fetch } = served()
  const response = await fetch(post(call('constructor'), bearer('reader')))
  expect(response.status).toBe(200)
  expect(await response.text()).not.toContain('"result":{"content":[{"type":"text","text":"sent"')
  expect((await fetch(post(initialize, bearer('reader')))).status).toBe(200)
})

test('scopes that are not lists are refused at construction', () => {
  expect(() => served({ tools: { send_mail: 'mail:send' as never } })).toThrow(
    'require.tools.send_mail: "mail:send" is not a list',
  )
  expect(() => served({ scopes: ['read write'] })).toThrow('require.scopes: "read write" is not a scope')
  expect(() => served({ tools: { send_mail: ['offline_access'] } })).toThrow(
    /require\.tools\.send_mail: holds "offline_access"/,
  )
  expect(() => served({ tools: { send_mail: undefined as never } })).toThrow(
    'require.tools.send_mail: is missing',
  )
  // Clients search the challenge that would name it with a plain regular expression.
  expect(() => served({ tools: { send_mail: ['scope=admin'] } })).toThrow('WWW-Authenticate')
})
