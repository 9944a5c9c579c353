import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { describe, expect, test } from 'vitest'
import { answered, type Components, type Era, eras, type Served } from './components.fixture.ts'
import { bearer, post, resource, type User } from './mcp.fixture.ts'
import type { RequireOptions } from './options.ts'

const tokens = {
  reader: { subject: 'u1', scopes: ['read'] },
  writer: { subject: 'u2', scopes: ['read', 'write'] },
  admin: { subject: 'u3', scopes: ['read'], roles: ['admin'] },
}

const kinds = {
  'tools/list': { member: 'tools', key: 'name', names: ['free', 'scoped', 'ruled', 'judged', 'constructor'] },
  'prompts/list': {
    member: 'prompts',
    key: 'name',
    names: ['free', 'scoped', 'ruled', 'judged', '__proto__', 'toString'],
  },
  'resources/list': {
    member: 'resources',
    key: 'uri',
    names: ['x://free', 'x://scoped', 'HTTPS://acme.dev/a/../ruled', 'x://judged/1', 'x://judged/2'],
  },
  'resources/templates/list': {
    member: 'resourceTemplates',
    key: 'uriTemplate',
    names: ['x://free/{id}', 'x://scoped/{id}', 'x://ruled/{+id}', 'x://judged/{id}'],
  },
} as const

/** Each list in pages of two. */
const paged: Components = {
  methods: Object.fromEntries(
    Object.entries(kinds).map(([method, { member, key, names }]) => [
      method,
      ({ cursor = '0' }: Readonly<Record<string, unknown>>) => {
        const at = Number(cursor)
        const page = names.slice(at, at + 2).map((name) => ({
          name: `a ${member}`,
          [key]: name,
          ...(member === 'tools' && { inputSchema: { type: 'object' } }),
        }))
        const nextCursor = at + 2 < names.length ? { nextCursor: String(at + 2) } : {}
        return { [member]: page, ...nextCursor, ttlMs: 60_000, cacheScope: 'public' }
      },
    ]),
  ),
}

const judged = (auth: { extra: { subject: string } }) => (auth.extra.subject === 'u1' ? false : ['write'])
const ofNames: RequireOptions<User>['tools'] = {
  scoped: ['write'],
  ruled: { roles: ['admin'] },
  judged,
  // Computed, since such a member would be a prototype.
  ['__proto__']: { roles: ['admin'] },
  constructor: { roles: ['admin'] },
  toString: ['write'],
}
const require: RequireOptions<User> = {
  tools: ofNames,
  prompts: ofNames,
  resources: {
    'x://scoped': ['write'],
    'x://scoped/{id}': ['write'],
    'https://acme.dev/ruled': { roles: ['admin'] },
    'x://ruled/{+id}': { roles: ['admin'] },
    'x://judged/{id}': judged,
  },
}

/** What a list has, and what each of its pages says of caches. */
async function listed({ fetch }: Served, era: Era, method: keyof typeof kinds, token?: string) {
  const { member, key } = kinds[method]
  const names: string[] = []
  const caches: unknown[] = []
  let cursor: string | undefined
  do {
    const { result } = await answered(await fetch(era.ask(method, cursor ? { cursor } : {}, token)))
    names.push(...result[member].map((one: Record<string, string>) => one[key]))
    caches.push([result.cacheScope, result.ttlMs])
    cursor = result.nextCursor
  } while (cursor !== undefined)
  return { names, caches }
}

const without = (method: keyof typeof kinds, ...words: string[]) =>
  kinds[method].names.filter((name) => !words.some((word) => name.includes(word)))

describe.each(eras)('$name', (era) => {
  const methods = Object.keys(kinds) as (keyof typeof kinds)[]

  test.each(methods)('%s has what can be reached, on all its pages', async (method) => {
    const endpoint = era.serve({ tokens, require, components: paged })
    const seen = async (token: string) => (await listed(endpoint, era, method, token)).names
    // What only lacks scopes is there. What a role or a predicate keeps shut is not.
    expect(await seen('reader')).toEqual(without(method, 'ruled', 'judged', '__proto__', 'constructor'))
    expect(await seen('writer')).toEqual(without(method, 'ruled', '__proto__', 'constructor'))
    expect(await seen('admin')).toEqual(kinds[method].names)
  })

  test.each(methods)("%s has what would be answered, with lists: 'allowed'", async (method) => {
    const endpoint = era.serve({ tokens, require: { ...require, lists: 'allowed' }, components: paged })
    const seen = async (token: string) => (await listed(endpoint, era, method, token)).names
    const shut = ['scoped', 'ruled', 'judged', '__proto__', 'constructor', 'toString']
    expect(await seen('reader')).toEqual(without(method, ...shut))
    expect(await seen('writer')).toEqual(without(method, 'ruled', '__proto__', 'constructor'))
    expect(await seen('admin')).toEqual(without(method, 'scoped', 'judged', 'toString'))
  })

  test.each(methods)("%s has everything with lists: 'all'", async (method) => {
    const endpoint = era.serve({ tokens, require: { ...require, lists: 'all' }, components: paged })
    expect((await listed(endpoint, era, method, 'reader')).names).toEqual(kinds[method].names)
  })

  test('what nobody can be granted is not within reach', async () => {
    const endpoint = era.serve({
      tokens,
      grantableScopes: ['read'],
      components: paged,
      require: { tools: { scoped: () => ['moon'] } },
    })
    expect((await listed(endpoint, era, 'tools/list', 'reader')).names).not.toContain('scoped')
  })

  test.each(methods)('%s of one caller is kept by no cache for another, on no page', async (method) => {
    const caches = async (
      options: Pick<Parameters<Era['serve']>[0], 'require' | 'public'>,
      token?: string,
    ) => {
      const endpoint = era.serve({ tokens, components: paged, ...options })
      return new Set((await listed(endpoint, era, method, token)).caches.map(String))
    }
    const own = new Set(['private,0'])
    const ofAuthor = new Set(['public,60000'])
    expect(await caches({ require }, 'reader')).toEqual(own)
    expect(await caches({ require, public: {} })).toEqual(own)
    expect(await caches({ require: {}, public: { list: 'public' } })).toEqual(own)
    expect(await caches({ require: {}, public: { list: 'public' } }, 'reader')).toEqual(own)
    // Where everybody has the same lists, they are the author's to say.
    expect(await caches({ require: { ...require, lists: 'all' } }, 'reader')).toEqual(ofAuthor)
    expect(await caches({ require: { ...require, lists: 'all' }, public: {} })).toEqual(ofAuthor)
  })

  test('requests of one batch that share an id all get only what they may have', async () => {
    if (era.isModern) return
    const echo = { tools: { ruled: () => 'ran', slow: () => 'slow' } }
    const { fetch } = era.serve({ tokens, require, components: echo })
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow' } },
    ]
    const body = await (await fetch(post(batch, bearer('reader')))).text()
    expect(body).toContain('"name":"slow"')
    expect(body).not.toContain('"name":"ruled"')
  })
})

describe.each(eras)('a resource read with $name', (era) => {
  const hint = { cacheScope: 'public', ttlMs: 60_000 } as const
  const resources = { 'x://free': hint, 'x://scoped': hint, 'x://judged/{id}': hint }
  const cacheOf = async (uri: string, token?: string, open = {}) => {
    const endpoint = era.serve({ tokens, require, components: { resources }, ...open })
    const { result } = await answered(await endpoint.fetch(era.ask('resources/read', { uri }, token)))
    expect(result.contents[0].text).toContain('ran')
    return result.cacheScope
  }

  test('under a requirement is in no public cache, whatever its author says', async () => {
    expect(await cacheOf('x://scoped', 'writer')).toBe(era.isModern ? 'private' : undefined)
    expect(await cacheOf('x://judged/7', 'writer')).toBe(era.isModern ? 'private' : undefined)
    expect(await cacheOf('x://free', 'writer')).toBe(era.isModern ? 'public' : undefined)
  })

  test('that needs a token where others need none is in no public cache either', async () => {
    const open = { public: { resources: ['x://open'] } }
    expect(await cacheOf('x://free', 'reader', open)).toBe(era.isModern ? 'private' : undefined)
    expect(await cacheOf('x://free', undefined, { public: { resources: ['x://free'] } })).toBe(
      era.isModern ? 'public' : undefined,
    )
  })
})

describe('the official v2 client', () => {
  const modern = eras.find(({ isModern }) => isModern)
  if (!modern) throw new Error('there is no 2026')

  test('shows the list of who is signed in now, after a step-up and after another sign-in', async () => {
    const components = {
      tools: { free: () => 'x', scoped: () => 'x', ruled: () => 'x' },
      lists: { ttlMs: 3_600_000, cacheScope: 'public' },
    } as const
    let token = 'reader'
    const namesWith = async (lists: 'allowed' | 'all') => {
      const served = modern.serve({ tokens, components, require: { ...require, lists } })
      const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
      let requests = 0
      const transport = new StreamableHTTPClientTransport(new URL(resource), {
        fetch: (url, init) => {
          requests += 1
          const request = new Request(url, init)
          request.headers.set('authorization', `Bearer ${token}`)
          return served.fetch(request)
        },
      })
      await client.connect(transport)
      const seen: string[][] = []
      requests = 0
      for (token of ['reader', 'writer', 'admin', 'reader']) {
        seen.push((await client.listTools()).tools.map(({ name }) => name))
      }
      await client.close()
      return { seen, requests }
    }
    expect(await namesWith('allowed')).toEqual({
      seen: [['free'], ['free', 'scoped'], ['free', 'ruled'], ['free']],
      requests: 4,
    })
    // It does keep lists, whoever is signed in: where all have the same, it asks once.
    expect((await namesWith('all')).requests).toBe(1)
  })
})
