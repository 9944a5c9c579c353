import * as clientV2 from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  EmptyResultSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { acceptedContent, inputRequired, McpServer as ServerV2 } from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { EndpointOptions, Mcp } from './index.ts'
import { bearer, fakeAuth, resource } from './mcp.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

const auth = fakeAuth({ good: {} })
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

const question = {
  message: 'Which colour?',
  requestedSchema: { type: 'object' as const, properties: { colour: { type: 'string' as const } } },
}
const prompt = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say something' } }],
  maxTokens: 10,
}

/** Tools that ask their client something, in both lines; `input` is of v2 alone. */
const served: Readonly<Record<string, (options: EndpointOptions & { public?: { tools: string[] } }) => Mcp>> =
  {
    v1: (options) =>
      v1.mcp({
        auth,
        onNotice: () => {},
        ...options,
        server() {
          const server = new ServerV1({ name: 'asking', version: '1.0.0' })
          const { server: inner } = server
          server.registerTool('elicit', {}, async () =>
            text(JSON.stringify(await inner.elicitInput(question))),
          )
          server.registerTool('sample', {}, async () =>
            text(JSON.stringify(await inner.createMessage(prompt))),
          )
          server.registerTool('roots', {}, async () => text(JSON.stringify(await inner.listRoots())))
          server.registerTool('ping', {}, async ({ sendRequest }) =>
            text(JSON.stringify(await sendRequest({ method: 'ping' }, EmptyResultSchema))),
          )
          return server
        },
      }),
    v2: (options) =>
      v2.mcp({
        auth,
        onNotice: () => {},
        ...options,
        server() {
          const server = new ServerV2({ name: 'asking', version: '1.0.0' })
          server.registerTool('elicit', {}, async ({ mcpReq }) =>
            text(JSON.stringify(await mcpReq.elicitInput(question))),
          )
          server.registerTool('sample', {}, async ({ mcpReq }) =>
            text(JSON.stringify(await mcpReq.requestSampling(prompt))),
          )
          server.registerTool('roots', {}, async () => text(JSON.stringify(await server.server.listRoots())))
          server.registerTool('ping', {}, async ({ mcpReq }) =>
            text(JSON.stringify(await mcpReq.send({ method: 'ping' }))),
          )
          server.registerTool('input', {}, async ({ mcpReq }) => {
            const answer = acceptedContent(mcpReq.inputResponses, 'colour', z.object({ colour: z.string() }))
            if (answer) return text(answer.colour)
            return inputRequired({ inputRequests: { colour: inputRequired.elicit(question) } })
          })
          return server
        },
      }),
  }

const answers = {
  elicitation: { action: 'accept' as const, content: { colour: 'red' } },
  sampling: { role: 'assistant' as const, content: { type: 'text' as const, text: 'something' }, model: 'm' },
  roots: { roots: [{ uri: 'file:///home' }] },
}

interface Asked {
  call(name: string): Promise<string>
  close(): Promise<void>
}

const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} }

function transportOptions({ fetch }: Mcp, token: string | undefined) {
  return {
    fetch: (url: string | URL, init?: RequestInit) => fetch(new Request(url, init)),
    requestInit: { headers: token === undefined ? {} : bearer(token) },
  }
}

function textOf(result: object): string {
  return (result as { content: { text: string }[] }).content[0]?.text ?? ''
}

type Connect = (to: Mcp, token?: string) => Promise<Asked>

const connectV2 = (mode: 'legacy' | 'auto') => async (to: Mcp, token?: string) => {
  const client = new clientV2.Client(
    { name: 'test', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', async () => answers.elicitation)
  client.setRequestHandler('sampling/createMessage', async () => answers.sampling)
  client.setRequestHandler('roots/list', async () => answers.roots)
  await client.connect(
    new clientV2.StreamableHTTPClientTransport(new URL(resource), transportOptions(to, token)),
  )
  return {
    call: async (name: string) => textOf(await client.callTool({ name })),
    close: () => client.close(),
  }
}

/** The official clients, which answer what they are asked. */
const clients: Readonly<Record<string, Connect>> = {
  async v1(to, token) {
    const client = new ClientV1({ name: 'test', version: '1.0.0' }, { capabilities })
    client.setRequestHandler(ElicitRequestSchema, async () => answers.elicitation)
    client.setRequestHandler(CreateMessageRequestSchema, async () => answers.sampling)
    client.setRequestHandler(ListRootsRequestSchema, async () => answers.roots)
    const transport = new TransportV1(new URL(resource), transportOptions(to, token))
    // Cast: the SDK's own types disagree with each other under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<ClientV1['connect']>[0])
    return {
      call: async (name) => textOf(await client.callTool({ name })),
      close: () => client.close(),
    }
  },
  'v2 of 2025': connectV2('legacy'),
}

const pairs = Object.keys(served).flatMap((line) =>
  Object.keys(clients).map((client) => [line, client] as const),
)

const asked = [
  ['elicit', 'elicitation/create', answers.elicitation.content.colour],
  ['sample', 'sampling/createMessage', answers.sampling.content.text],
  ['roots', 'roots/list', answers.roots.roots[0]?.uri ?? ''],
  ['ping', 'ping', '{}'],
] as const

describe.each(pairs)('a server of %s and a client of %s', (line, client) => {
  const connect = clients[client] as Connect
  const make = served[line] as (typeof served)[string]

  test.each(['sse', 'json'] as const)(
    'with sessions, a client is asked and its answer arrives (%s)',
    async (responses) => {
      const to = make({ sessions: true, responses })
      const one = await connect(to, 'good')
      for (const [tool, , answer] of asked) expect(await one.call(tool)).toContain(answer)
      if (line === 'v2') expect(await one.call('input')).toBe('red')
      await one.close()
      await to.close()
    },
  )

  test('without, asking fails at once and says why', async () => {
    const to = make({})
    const one = await connect(to, 'good')
    for (const [tool, method] of asked) {
      expect(await one.call(tool)).toContain(`${method}: asking the client something takes a session`)
      expect(await one.call(tool)).toContain('Set `sessions: true`')
    }
    if (line === 'v2') expect(await one.call('input')).toContain('cannot receive server-to-client requests')
    await one.close()
  })

  test('so it does for who did not sign in, where others have sessions', async () => {
    const to = make({ sessions: true, public: { tools: ['elicit', 'sample', 'roots', 'ping'] } })
    const one = await connect(to)
    for (const [tool, method] of asked) {
      expect(await one.call(tool)).toContain(`${method}: asking the client something takes a session`)
      expect(await one.call(tool)).toContain('did not sign in')
    }
    await one.close()
  })
})

test.each([true, false])(
  'by the protocol of 2026 a client is asked with or without sessions (%s)',
  async (sessions) => {
    const to = served.v2?.({ sessions }) as Mcp
    const one = await connectV2('auto')(to, 'good')
    expect(await one.call('input')).toBe('red')
    expect(await one.call('elicit')).toContain('Return inputRequired')
    await one.close()
  },
)
