import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { test } from 'vitest'
import * as z from 'zod'
import { type CountingServers, counting } from './counting.fixture.ts'
import { bearer, connected, countingServers, initialize, post, resource } from './mcp.fixture.ts'
import type { Mcp } from './options.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

/** A line of the SDK, and a revision of the protocol that it speaks. */
export interface SdkLine {
  name: string
  /** Whether the revision has sessions, and `initialize`. */
  hasSessions: boolean
  mcp: typeof v1.mcp
  servers(): CountingServers<v1.ServerV1>
  /** The official client, talking to `served` without a network. */
  connected(
    served: Pick<Mcp, 'fetch'>,
    token: string,
    headers?: Record<string, string>,
  ): Promise<{ client: OfficialClient; sessionId(): string | undefined; leave(): Promise<void> }>
  /** A message as clients send it, and the headers that go with it. */
  stamped(message: unknown): unknown
  headersOf(message: unknown): Record<string, string>
  /** A POST as clients send it. What is a text goes out as it is. */
  post(body: unknown, headers?: Record<string, string>, url?: string): Request
  /** What a client says first. */
  hello: Readonly<Record<string, unknown>>
}

/** What the official clients have in common. */
export interface OfficialClient {
  listTools(): Promise<{ tools: { name: string }[] }>
  callTool(params: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>
  close(): Promise<void>
}

const revision = '2026-07-28'

const envelope = {
  'io.modelcontextprotocol/protocolVersion': revision,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

// Casts: tests hand the servers of a line to its own mcp(), and look at neither.
const mcpV2 = v2.mcp as unknown as typeof v1.mcp
const serversV2 = () => countingServersV2() as unknown as CountingServers<v1.ServerV1>

const sentPlainly = { stamped: (message: unknown) => message, headersOf: () => ({}), post }

export const lines: readonly SdkLine[] = [
  {
    name: 'v1, 2025-11-25',
    hasSessions: true,
    mcp: v1.mcp,
    servers: countingServers,
    async connected(served, token, headers) {
      const { client, transport } = await connected(served, token, headers)
      return {
        client,
        sessionId: () => transport.sessionId,
        leave: () => transport.terminateSession(),
      }
    },
    ...sentPlainly,
    hello: initialize,
  },
  {
    name: 'v2, 2025-11-25',
    hasSessions: true,
    mcp: mcpV2,
    servers: serversV2,
    connected: (served, token, headers) => connectedV2('legacy', served, token, headers),
    ...sentPlainly,
    hello: initialize,
  },
  {
    name: `v2, ${revision}`,
    hasSessions: false,
    mcp: mcpV2,
    servers: serversV2,
    connected: (served, token, headers) => connectedV2('auto', served, token, headers),
    stamped,
    headersOf,
    post: (body, headers, url) => post(stamped(body), { ...headersOf(body), ...headers }, url),
    hello: { jsonrpc: '2.0', id: 0, method: 'server/discover' },
  },
]

/** A test for each line of the SDK and each protocol that it speaks. */
export const onEachLine = testsOn(lines)

/** The same for those that know sessions. */
export const onEachLineWithSessions = testsOn(lines.filter(({ hasSessions }) => hasSessions))

interface TestOnLines {
  (title: string, run: (line: SdkLine) => unknown): void
  /** A test for each value, too, which is `%s` in the title. */
  with<const Value extends string>(
    values: readonly Value[],
  ): (title: string, run: (line: SdkLine, value: Value) => unknown) => void
}

function testsOn(among: readonly SdkLine[]): TestOnLines {
  const onEach = (title: string, run: (line: SdkLine) => unknown) => {
    for (const line of among) test(`${title} (${line.name})`, async () => void (await run(line)))
  }
  return Object.assign(onEach, {
    with:
      <Value extends string>(values: readonly Value[]) =>
      (title: string, run: (line: SdkLine, value: Value) => unknown) => {
        for (const value of values) onEach(title.replace('%s', value), (line) => run(line, value))
      },
  })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What each request of the protocol without sessions says of its client. */
function stamped(message: unknown): unknown {
  if (!isObject(message)) return message
  const { params = {} } = message
  if (!isObject(params)) return message
  const { _meta: meta = {} } = params
  return isObject(meta) ? { ...message, params: { ...params, _meta: { ...envelope, ...meta } } } : message
}

function headersOf(message: unknown): Record<string, string> {
  const { method, params } = isObject(message) ? message : {}
  const { name, uri = name } = isObject(params) ? params : {}
  return {
    'mcp-protocol-version': revision,
    ...(typeof method === 'string' && { 'mcp-method': method }),
    ...(typeof uri === 'string' && { 'mcp-name': uri }),
  }
}

/** The counting servers of this line, built with `@modelcontextprotocol/server`. */
export function countingServersV2(): CountingServers<McpServer> {
  const inputSchema = z.object({ say: z.string().default('') })
  return counting((tools, onclose) => {
    const server = new McpServer({ name: 'fixture', version: '1.0.0' })
    server.server.onclose = onclose
    for (const [name, run] of Object.entries(tools)) {
      server.registerTool(name, { inputSchema }, ({ say }, { mcpReq, http }) =>
        run(
          {
            signal: mcpReq.signal,
            token: http?.authInfo?.token,
            header: (header) => http?.req?.headers.get(header),
            async progress(progress) {
              const progressToken = mcpReq._meta?.progressToken
              if (progressToken === undefined) return
              await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } })
            },
          },
          say,
        ),
      )
    }
    return server
  })
}

async function connectedV2(
  mode: 'legacy' | 'auto',
  served: Pick<Mcp, 'fetch'>,
  token: string,
  headers: Record<string, string> = {},
): ReturnType<SdkLine['connected']> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: (url, init) => served.fetch(new Request(url, init)),
    requestInit: { headers: { ...bearer(token), ...headers } },
  })
  await client.connect(transport)
  return {
    client,
    sessionId: () => transport.sessionId,
    leave: () => transport.terminateSession(),
  }
}
