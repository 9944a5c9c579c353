import { describe, expect, test, vi } from 'vitest'
import { answered, challenged, eras } from './components.fixture.ts'
import type { User } from './mcp.fixture.ts'
import type { RequireOptions } from './options.ts'

const tokens = {
  reader: { subject: 'u1', scopes: ['mcp', 'read'] },
  writer: { subject: 'u2', scopes: ['mcp', 'read', 'write', 'sign'] },
  admin: { subject: 'u3', scopes: ['mcp'], roles: ['admin'] },
}

const nothing = () => undefined
const all = {
  tools: {
    free: nothing,
    scoped: nothing,
    either: nothing,
    ruled: nothing,
    judged: nothing,
  },
  resources: {
    'notes://free': {},
    'notes://scoped': {},
    'https://acme.dev/ruled': {},
    'mail://{id}': {},
    'docs://x/{+id}': {},
  },
  prompts: ['free', 'scoped', 'ruled'],
}

const require: RequireOptions<User> = {
  scopes: ['mcp'],
  tools: {
    scoped: ['write', 'sign'],
    either: { anyScope: ['write', 'read'], scopes: ['mcp'] },
    ruled: { roles: ['admin', 'owner'], scopes: ['mcp'] },
    judged: (auth, args) =>
      args?.amount === undefined
        ? true
        : Number(args.amount) > 100
          ? ['write']
          : auth.extra.user.name !== 'u3',
  },
  resources: {
    'notes://scoped': ['write'],
    'https://acme.dev/ruled': { roles: ['admin'] },
    'mail://{id}': (auth, given) => given === undefined || given.variables.id === auth.extra.subject,
    'docs://x/{+id}': ['read'],
    'docs://x/secret/{id}': ['write'],
    'docs://x/plans': ['sign'],
  },
  prompts: { scoped: { scopes: ['write'] }, ruled: { roles: ['admin'] } },
}

describe.each(eras)('$name', (era) => {
  const ask = async (token: string, method: string, params: Record<string, unknown>) => {
    const endpoint = era.serve({ tokens, require, components: all })
    const response = await endpoint.fetch(era.ask(method, params, token))
    return { endpoint, ran: endpoint.ran, response }
  }
  const call = (token: string, name: string, args: Record<string, unknown> = {}) =>
    ask(token, 'tools/call', { name, arguments: args })
  const read = (token: string, uri: string) => ask(token, 'resources/read', { uri })
  const get = (token: string, name: string) => ask(token, 'prompts/get', { name, arguments: {} })

  test.each([
    ['a tool that needs several scopes', call('reader', 'scoped'), 'mcp write sign'],
    ['a tool that needs one of two and none is there', call('admin', 'either'), 'mcp write'],
    [
      'a tool whose predicate wants a scope for these arguments',
      call('reader', 'judged', { amount: 101 }),
      'mcp write',
    ],
    ['a resource', read('reader', 'notes://scoped'), 'mcp write'],
    ['a template', read('admin', 'docs://x/a/b'), 'mcp read'],
    ['each of several templates that match', read('admin', 'docs://x/secret/b'), 'mcp read write'],
    ['a prompt', get('reader', 'scoped'), 'mcp write'],
  ])('%s: with too little scope 403, and a challenge that names all of it', async (_, asked, scopes) => {
    const { response, ran } = await asked
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(await challenged(response)).toBe(scopes)
    expect(ran).toEqual([])
  })

  test.each([
    ['one of two scopes', call('reader', 'either'), 'tool either'],
    ['all scopes', call('writer', 'scoped'), 'tool scoped'],
    ['one of two roles', call('admin', 'ruled'), 'tool ruled'],
    ['the scope that a predicate wants', call('writer', 'judged', { amount: 101 }), 'tool judged'],
    ['arguments that a predicate takes', call('reader', 'judged', { amount: 5 }), 'tool judged'],
    ['a template with their own name in it', read('reader', 'mail://u1'), 'resource mail://{id}'],
    ['a resource that nothing is said of', read('reader', 'notes://free'), 'resource notes://free'],
    ['a tool called as a member of every object', call('reader', 'constructor'), undefined],
  ])('%s is enough', async (_, asked, what) => {
    const { response, ran } = await asked
    expect(response.status).toBe(200)
    if (what) expect(ran).toEqual([what])
  })

  test.each([
    ['a role', call('writer', 'ruled')],
    ['a role, for a resource', read('writer', 'https://acme.dev/ruled')],
    ['a role, for a prompt', get('writer', 'ruled')],
    ['another answer of a predicate', call('admin', 'judged', { amount: 5 })],
    ["another's mail", read('reader', 'mail://u2')],
  ])('%s cannot be asked for: 403 without a challenge', async (_, asked) => {
    const { response, ran } = await asked
    const { status, challenge, error } = await answered(response)
    expect([status, challenge, ran]).toEqual([403, null, []])
    expect(error?.message).toMatch(/^You are not allowed to use the (tool|resource|prompt) /)
  })

  test.each([
    'HTTPS://ACME.DEV/ruled',
    'https://acme.dev:443/ruled',
    'https://acme.dev/x/../ruled',
    'https://acme.dev/x/%2e%2E/ruled',
    'https://acme.dev/%72uled',
    'https:\\\\acme.dev\\ruled',
    ' https://acme.dev/ru\tled',
    'https://acme.dev/./ruled',
  ])('a resource is guarded however its URI is spelt: %s', async (uri) => {
    const { response, ran } = await read('reader', uri)
    expect([response.status, ran]).toEqual([403, []])
  })

  test('percent-encodings that a handler would undo do not lead past what is said of a URI', async () => {
    const { response } = await read('admin', 'docs://x/%70lans')
    expect(await challenged(response)).toBe('mcp read sign')
  })

  test('a URI too long for templates is no fault of the server', async () => {
    for (const length of [8193, 1_100_000]) {
      const { response, ran } = await read('reader', 'docs://x/'.padEnd(length, 'a'))
      const { status, error } = await answered(response)
      expect([status, error?.message]).toEqual([400, expect.stringContaining('more than 8192 characters')])
      expect(ran).toEqual([])
    }
    const ref = { type: 'ref/resource', uri: 'docs://x/'.padEnd(8193, 'a') }
    const completion = await ask('reader', 'completion/complete', {
      ref,
      argument: { name: 'id', value: 'a' },
    })
    expect(completion.response.status).toBe(400)
    expect((await read('reader', 'docs://x/'.padEnd(8192, 'a'))).ran).toHaveLength(1)
  })

  test.each([
    ['of a prompt', { type: 'ref/prompt', name: 'scoped' }, 'completion scoped'],
    ['of a template', { type: 'ref/resource', uri: 'docs://x/{+id}' }, 'completion docs://x/{+id}'],
  ])('completions %s need what it needs', async (_, ref, what) => {
    const params = { ref, argument: { name: 'id', value: 'a' } }
    const refused = await ask('admin', 'completion/complete', params)
    expect([refused.response.status, refused.ran]).toEqual([403, []])
    const allowed = await ask('writer', 'completion/complete', params)
    expect([allowed.response.status, allowed.ran]).toEqual([200, [what]])
  })

  test('roles may be found elsewhere', async () => {
    const components = { tools: { ruled: nothing } }
    const roles = (user: User) => (user.name === 'u1' ? ['admin'] : undefined)
    const endpoint = era.serve({
      tokens,
      components,
      require: { tools: { ruled: { roles: ['admin'] } }, roles },
    })
    const status = async (token: string) =>
      (await endpoint.fetch(era.ask('tools/call', { name: 'ruled' }, token))).status
    expect([await status('reader'), await status('admin')]).toEqual([200, 403])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no such user')
      },
      'no such user',
    ],
    ['answers by a promise', (async () => true) as never, 'not by a promise'],
    ['answers nothing', (() => undefined) as never, 'Answer true, false'],
    ['answers with what is no scope', () => ['a b'], 'is not a scope'],
  ])('a predicate that %s refuses, and the operator hears of it', async (_, predicate, told) => {
    const onError = vi.fn()
    const components = { tools: { judged: nothing, free: nothing } }
    const endpoint = era.serve({ tokens, components, onError, require: { tools: { judged: predicate } } })
    const response = await endpoint.fetch(era.ask('tools/call', { name: 'judged' }, 'admin'))
    expect([response.status, endpoint.ran]).toEqual([403, []])
    expect(String(onError.mock.calls[0]?.[0])).toContain(told)
    const { result } = await answered(await endpoint.fetch(era.ask('tools/list', {}, 'admin')))
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(['free'])
  })

  test('roles that throw are none', async () => {
    const onError = vi.fn()
    const roles = (): never => {
      throw new Error('no roles today')
    }
    const endpoint = era.serve({
      tokens,
      onError,
      components: { tools: { ruled: nothing } },
      require: { tools: { ruled: { roles: ['admin'] } }, roles },
    })
    expect((await endpoint.fetch(era.ask('tools/call', { name: 'ruled' }, 'admin'))).status).toBe(403)
    expect(String(onError.mock.calls[0]?.[0])).toContain('no roles today')
  })

  test('a predicate that wants what nobody can be granted is no challenge', async () => {
    const endpoint = era.serve({
      tokens,
      grantableScopes: ['mcp', 'read'],
      components: { tools: { judged: nothing } },
      require: { tools: { judged: () => ['moon'] } },
    })
    const response = await endpoint.fetch(era.ask('tools/call', { name: 'judged' }, 'reader'))
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([403, null])
  })
})
