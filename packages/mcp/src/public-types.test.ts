import type { AuthInfo } from '@drawbridge/core'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer } from '@modelcontextprotocol/server'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { bearer, call, fakeAuth, initialize, post, type User } from './mcp.fixture.ts'
import { answerIn, serving } from './public.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

const info = { name: 'x', version: '1.0.0' }
const auth = fakeAuth({ ada: { subject: 'ada' } })
const onNotice = () => {}
const open = { tools: ['open'] }

test('`auth` in the factory may be undefined exactly where somebody may come without a token (v1)', async () => {
  const seen: unknown[] = []
  const server = (given: unknown) => {
    seen.push(given)
    return new McpServerV1(info)
  }
  const all = [
    v1.mcp({
      auth,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User>>()
        return server(auth.extra.user.name)
      },
    }),
    v1.mcp({
      auth,
      public: { tools: ['open'] },
      onNotice,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User> | undefined>()
        // @ts-expect-error: nobody may have signed in
        void (() => auth.extra)
        return server(auth?.extra.user.name)
      },
    }),
    v1.mcp({
      auth,
      public: open,
      onNotice,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User> | undefined>()
        return server(auth?.extra.user.name)
      },
    }),
  ]
  for (const { fetch } of all) await fetch(post(initialize, bearer('ada')))
  expect(seen).toEqual(['ada', 'ada', 'ada'])
  const everybody = v1.mcp({
    onNotice,
    server: ({ auth }) => {
      expectTypeOf(auth).toEqualTypeOf<undefined>()
      return server(auth)
    },
  })
  await everybody.fetch(post(initialize, {}, 'http://localhost/mcp'))
  expect(seen.at(-1)).toBeUndefined()
})

test('`auth` in the factory may be undefined exactly where somebody may come without a token (v2)', async () => {
  const seen: unknown[] = []
  const server = (given: unknown) => {
    seen.push(given)
    return new McpServer(info)
  }
  const all = [
    v2.mcp({
      auth,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User>>()
        return server(auth.extra.user.name)
      },
    }),
    v2.mcp({
      auth,
      public: { tools: ['open'] },
      onNotice,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User> | undefined>()
        // @ts-expect-error: nobody may have signed in
        void (() => auth.extra)
        return server(auth?.extra.user.name)
      },
    }),
    v2.mcp({
      auth,
      public: open,
      onNotice,
      server: ({ auth }) => {
        expectTypeOf(auth).toEqualTypeOf<AuthInfo<User> | undefined>()
        return server(auth?.extra.user.name)
      },
    }),
  ]
  for (const { fetch } of all) await fetch(post(initialize, bearer('ada')))
  expect(seen).toEqual(['ada', 'ada', 'ada'])
  const everybody = v2.mcp({
    onNotice,
    server: ({ auth }) => {
      expectTypeOf(auth).toEqualTypeOf<undefined>()
      return server(auth)
    },
  })
  await everybody.fetch(post(initialize, {}, 'http://localhost/mcp'))
  expect(seen.at(-1)).toBeUndefined()
})

test('a factory that needs somebody does not fit a server with public parts', () => {
  const forSomebody = (_context: v1.ServerContext<User>) => new McpServerV1(info)
  v1.mcp({ auth, server: forSomebody })
  // @ts-expect-error: it would be called for nobody
  v1.mcp({ auth, public: open, onNotice, server: forSomebody })
  // @ts-expect-error: here, nobody ever signs in
  v1.mcp({ onNotice, server: forSomebody })
  const forAll = (_context: v1.ServerContext<User, undefined>) => new McpServerV1(info)
  v1.mcp({ auth, public: open, onNotice, server: forAll })
  v1.mcp({ auth, server: forAll })
})

test('helpers tell that there may be nobody', () => {
  expectTypeOf(v1.getAuth<User>).returns.toEqualTypeOf<AuthInfo<User> | undefined>()
  expectTypeOf(v2.getAuth<User>).returns.toEqualTypeOf<AuthInfo<User> | undefined>()
  expectTypeOf(v1.requireAuth<User>).returns.toEqualTypeOf<AuthInfo<User>>()
})

describe.each(['v1', 'v2'] as const)("the provider's token of nobody (%s)", (line) => {
  test.each(['upstream', 'fetched'])('does not exist, and says so by name: %s', async (name) => {
    const gate = {
      ...fakeAuth({}),
      upstreamToken: async () => Promise.reject(new Error('asked for nobody’s token')),
    }
    const { fetch } = serving(line, { auth: gate, public: { tools: ['upstream', 'fetched'] } })
    const { result } = (await answerIn(await fetch(post(call(name))))) as {
      result: { content: { text: string }[] }
    }
    expect(result.content[0]?.text).toMatch(/^NoUpstreamToken: .*nobody is signed in/)
  })
})
