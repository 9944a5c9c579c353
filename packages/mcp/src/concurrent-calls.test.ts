import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { answered, eras } from './components.fixture.ts'
import { bearer, fakeAuth, initialize, post, type Token } from './mcp.fixture.ts'
import type { ServerContext } from './options.ts'
import { contextOf, getAuth, getRequest, mcp as mcpV1, requireAuth } from './v1.ts'
import { mcp as mcpV2 } from './v2.ts'

const users = Array.from({ length: 100 }, (_, n) => `u${n}`)
const tokens = Object.fromEntries(users.map((subject): [string, Token] => [`token-${subject}`, { subject }]))
const rounds = 10

/** What a call saw of its context, before others had their turn and after. */
async function seen(built: string, extra: object, argument: unknown) {
  const turns = Number(getRequest().headers.get('x-round'))
  const look = () => [
    getAuth()?.extra.subject,
    contextOf(extra).getAuth()?.extra.subject,
    requireAuth().token,
    getRequest().headers.get('x-user'),
    getRequest().headers.get('x-round'),
  ]
  const before = look()
  // Each waits in its own way, so that calls overtake each other.
  for (let turn = 0; turn < turns; turn += 1) {
    await (turn % 2 === 0 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve())
  }
  const later = await new Promise((resolve) => setTimeout(() => resolve(look()), turns % 3))
  return JSON.stringify({ built, before, later, after: look(), argument })
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

/** Tools that say whom the factory was told of, and whom the call is from. */
const lines = {
  v1: (sessions: boolean, responses: 'sse' | 'json') =>
    mcpV1({
      auth: fakeAuth(tokens),
      sessions,
      responses,
      server: ({ auth }: ServerContext) => {
        const server = new McpServerV1({ name: 'many', version: '1.0.0' })
        const built = auth.extra.subject
        server.registerTool('look', {}, async (extra) =>
          text(await seen(built, extra, extra.authInfo?.token)),
        )
        return server
      },
    }),
  v2: (sessions: boolean, responses: 'sse' | 'json') =>
    mcpV2({
      auth: fakeAuth(tokens),
      sessions,
      responses,
      server: ({ auth }: ServerContext) => {
        const server = new McpServerV2({ name: 'many', version: '1.0.0' })
        const built = auth.extra.subject
        server.registerTool('look', {}, async (ctx) =>
          text(await seen(built, ctx, ctx.http?.authInfo?.token)),
        )
        return server
      },
    }),
}

test.each([
  { name: 'SDK v1', sessions: false, responses: 'sse' },
  { name: 'SDK v1', sessions: true, responses: 'json' },
  { name: 'SDK v2, 2025', sessions: true, responses: 'sse' },
  { name: 'SDK v2, 2026', sessions: false, responses: 'sse' },
] as const)(
  '1,000 calls of 100 users at one time never see each other ($name, sessions: $sessions, $responses)',
  async ({ name, sessions, responses }) => {
    const ask = eras.find((era) => era.name === name)?.ask
    if (!ask) throw new Error(name)
    const { fetch, close } = lines[name === 'SDK v1' ? 'v1' : 'v2'](sessions, responses)
    const begin = async (user: string): Promise<Record<string, string>> => {
      if (!sessions) return {}
      const begun = await fetch(post(initialize, bearer(`token-${user}`)))
      await begun.text()
      return { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
    }
    const session = new Map(await Promise.all(users.map(async (user) => [user, await begin(user)] as const)))
    // Of each user one after the other would hide what of two users at once would show.
    const calls = Array.from({ length: rounds }, (_, round) => users.map((user) => ({ user, round }))).flat()
    const answers = await Promise.all(
      calls.map(async ({ user, round }, nth) => {
        const request = ask('tools/call', { name: 'look' }, `token-${user}`)
        // Ids that others have, too, but no other call of this session.
        const body = { ...((await request.json()) as object), id: round }
        const headers = { ...Object.fromEntries(request.headers), ...session.get(user) }
        Object.assign(headers, { 'x-user': user, 'x-round': String(round), 'x-nth': String(nth) })
        const { result } = await answered(await fetch(post(body, headers)))
        return JSON.parse(result.content[0].text)
      }),
    )
    const own = calls.map(({ user, round }) => {
      const context = [user, user, `token-${user}`, user, String(round)]
      return { built: user, before: context, later: context, after: context, argument: `token-${user}` }
    })
    expect(answers).toEqual(own)
    await close()
  },
)
