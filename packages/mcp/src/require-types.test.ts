import type { AuthInfo } from '@drawbridge/core'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { expectTypeOf, test } from 'vitest'
import { fakeAuth, type User } from './mcp.fixture.ts'
import type { Variables } from './resource-uris.ts'
import { mcp as mcpV1 } from './v1.ts'
import { mcp as mcpV2, type Requirement, type RequireOptions } from './v2.ts'

const auth = fakeAuth({})
const info = { name: 'types', version: '1.0.0' }
const v1 = { auth, server: () => new McpServerV1(info) }
const v2 = { auth, server: () => new McpServerV2(info) }

type Args = Readonly<Record<string, unknown>> | undefined

test('predicates know the user of the Auth, and what they are asked about', () => {
  mcpV1({
    ...v1,
    require: {
      tools: {
        send: (caller, args) => {
          expectTypeOf(caller).toEqualTypeOf<AuthInfo<User>>()
          expectTypeOf(args).toEqualTypeOf<Args>()
          return caller.extra.user.name === 'root'
        },
      },
      prompts: {
        plan: (caller, args) => {
          expectTypeOf(caller.extra.user).toEqualTypeOf<User>()
          expectTypeOf(args).toEqualTypeOf<Args>()
          return ['plan']
        },
      },
      resources: {
        'mail://{id}': (caller, given) => {
          expectTypeOf(caller.extra.user).toEqualTypeOf<User>()
          expectTypeOf(given?.uri).toEqualTypeOf<string | undefined>()
          expectTypeOf(given?.variables).toEqualTypeOf<Variables | undefined>()
          return given === undefined || given.variables.id === caller.extra.subject
        },
      },
      roles: (user) => {
        expectTypeOf(user).toEqualTypeOf<User>()
        return user.roles
      },
    },
  })
  mcpV2({
    ...v2,
    public: { tools: ['search'] },
    onNotice: () => {},
    require: {
      tools: {
        send: ({ extra }) => extra.user.name === 'root',
        list: ['read'],
        wipe: { roles: ['admin'], anyScope: ['wipe', 'all'], scopes: ['read'] },
      },
      resources: { 'mail://{id}': (_, given) => (given ? [`mail:${given.variables.id}`] : true) },
      lists: 'allowed',
    },
  })
})

test('what is no requirement does not compile', () => {
  const wrong: RequireOptions<User>[] = [
    // @ts-expect-error: a text is no list
    { tools: { send: 'mail' } },
    // @ts-expect-error: a predicate answers at once
    { tools: { send: async () => true } },
    // @ts-expect-error: a predicate answers with a boolean or scopes
    { tools: { send: () => 'mail' } },
    // @ts-expect-error: there is no such member
    { tools: { send: { scope: ['mail'] } } },
    // @ts-expect-error: roles are a list
    { tools: { send: { roles: 'admin' } } },
    // @ts-expect-error: the users of this Auth have no login
    { tools: { send: ({ extra }) => extra.user.login === 'root' } },
    // @ts-expect-error: arguments are undefined in lists
    { tools: { send: (_, args) => args.amount === 1 } },
    // @ts-expect-error: a resource has variables, not arguments
    { resources: { 'mail://{id}': (_, given) => given?.id === 1 } },
    // @ts-expect-error: there are three of them
    { lists: 'none' },
    // @ts-expect-error: it is called `tools`
    { tool: {} },
  ]
  expectTypeOf(wrong).toEqualTypeOf<RequireOptions<User>[]>()
  const ofOthers = (require: RequireOptions<{ login: string }>) => {
    // @ts-expect-error: the users of this Auth have no login
    mcpV1({ ...v1, require })
  }
  // @ts-expect-error: nobody is known where there is no `auth`
  const ofNobody = () => mcpV2({ server: v2.server, require: { tools: { send: ['mail'] } } })
  expectTypeOf([ofOthers, ofNobody]).toBeArray()
})

test('requirements that look at no user are for every Auth', () => {
  const common: RequireOptions = { tools: { send: ['mail'], wipe: { roles: ['admin'] } } }
  mcpV1({ ...v1, require: common })
  mcpV2({ ...v2, require: common })
  const own: Requirement<User> = ({ extra }) => extra.user.name === 'root'
  mcpV1({ ...v1, require: { tools: { send: own } } })
})
