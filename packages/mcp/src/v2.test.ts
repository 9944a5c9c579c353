import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { bearer, fakeAuth, resource } from './mcp.fixture.ts'
import { getAuth, mcp, requireAuth } from './v2.ts'

const tokens = { reader: { scopes: ['mcp'] }, mailer: { scopes: ['mcp', 'mail:send'] } }

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

function createServer() {
  const server = new McpServer({ name: 'fixture', version: '1.0.0' })
  server.registerTool('echo', { inputSchema: z.object({ say: z.string() }) }, ({ say }) => text(say))
  server.registerTool('whoami', {}, () => text(getAuth()?.extra.subject ?? 'nobody'))
  server.registerTool('send_mail', {}, () => text('sent'))
  server.registerTool('large', {}, () => {
    requireAuth({ scopes: ['large'] })
    return text('done')
  })
  return server
}

type Versions = NonNullable<ConstructorParameters<typeof Client>[1]>

async function connected(
  served: { fetch(request: Request): Promise<Response> },
  token?: string,
  options: Versions = {},
) {
  const client = new Client({ name: 'test', version: '1.0.0' }, options)
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: (url, init) => served.fetch(new Request(url, init)),
    requestInit: { headers: token === undefined ? {} : bearer(token) },
  })
  await client.connect(transport)
  return { client, transport }
}

const eras: [string, Versions][] = [
  ['2025', { versionNegotiation: { mode: 'legacy' } }],
  ['2026', { versionNegotiation: { mode: 'auto' } }],
]

test.each(eras)('an official client of %s lists and calls', async (_, options) => {
  const served = mcp({ auth: fakeAuth(tokens), server: createServer })
  const { client } = await connected(served, 'reader', options)
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
    'echo',
    'whoami',
    'send_mail',
    'large',
  ])
  expect(await client.callTool({ name: 'echo', arguments: { say: 'hi' } })).toMatchObject(text('hi'))
  expect(await client.callTool({ name: 'whoami' })).toMatchObject(text('github|1'))
  await client.close()
})

test.each(eras)('lists leave out what is not allowed, and no cache is shared (%s)', async (_, options) => {
  const require = { tools: { send_mail: ['mail:send'] }, lists: 'allowed' } as const
  const served = mcp({ auth: fakeAuth(tokens), server: createServer, require })
  for (const [token, names] of [
    ['reader', ['echo', 'whoami', 'large']],
    ['mailer', ['echo', 'whoami', 'send_mail', 'large']],
  ] as const) {
    const { client } = await connected(served, token, options)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(names)
    await client.close()
  }
})

test.each(eras)('a handler may ask for more (%s)', async (_, options) => {
  const asked: (string | null)[] = []
  const { fetch } = mcp({ auth: fakeAuth(tokens), server: createServer })
  const served = {
    async fetch(request: Request) {
      const response = await fetch(request)
      if (response.status === 403) asked.push(response.headers.get('www-authenticate'))
      return response
    },
  }
  const { client } = await connected(served, 'reader', options)
  await expect(client.callTool({ name: 'large' })).rejects.toThrow()
  expect(asked).toEqual([expect.stringContaining('scope="large"')])
  await client.close()
})

test.each(eras)('without a token: what is public, and a challenge for the rest (%s)', async (_, options) => {
  const served = mcp({
    auth: fakeAuth(tokens),
    server: ({ auth }) => {
      expect(auth).toBeUndefined()
      return createServer()
    },
    public: { tools: ['echo', 'whoami'] },
    require: { tools: { send_mail: ['mail:send'] } },
    onNotice: () => {},
  })
  const { client } = await connected(served, undefined, options)
  expect((await client.listTools()).tools).toHaveLength(4)
  expect(await client.callTool({ name: 'whoami' })).toMatchObject(text('nobody'))
  await expect(client.callTool({ name: 'send_mail' })).rejects.toThrow('refused')
  await client.close()
})
