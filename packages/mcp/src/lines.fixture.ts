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
  /** A POST as clients send it. */
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
    post,
    hello: initialize,
  },
  {
    name: 'v2, 2025-11-25',
    hasSessions: true,
    mcp: mcpV2,
    servers: serversV2,
    connected: (served, token, headers) => connectedV2('legacy', served, token, headers),
    post,
    hello: initialize,
  },
  {
    name: `v2, ${revision}`,
    hasSessions: false,
    mcp: mcpV2,
    servers: serversV2,
    connected: (served, token, headers) => connectedV2('auto', served, token, headers),
    post: postStateless,
    hello: { jsonrpc: '2.0', id: 0, method: 'server/discover' },
  },
]

/** A test for each line of the SDK and each protocol that it speaks. */
export function onEachLine(title: string, run: (line: SdkLine) => unknown): void {
  for (const line of lines) test(`${title} (${line.name})`, () => run(line))
}

/** The same for each value, too, which is `%s` in the title. */
export function onEachLineWith<const Value extends string>(
  values: readonly Value[],
): (title: string, run: (line: SdkLine, value: Value) => unknown) => void {
  return (title, run) => {
    for (const value of values) onEachLine(title.replace('%s', value), (line) => run(line, value))
  }
}

/** The same for those that know sessions. */
export function onEachLineWithSessions(title: string, run: (line: SdkLine) => unknown): void {
  for (const line of lines) if (line.hasSessions) test(`${title} (${line.name})`, () => run(line))
}

/** As clients of the protocol without sessions send it. What is no request goes out as it is. */
function postStateless(body: unknown, headers: Record<string, string> = {}, url = resource): Request {
  if (typeof body !== 'object' || body === null || !('method' in body)) return post(body, headers, url)
  const { method, params } = body as { method: string; params?: Record<string, unknown> }
  const { name = params?.uri } = params ?? {}
  const named = typeof name === 'string' ? { 'mcp-name': name } : {}
  return post(
    { ...body, params: { ...params, _meta: { ...envelope, ...(params?._meta as object) } } },
    { 'mcp-protocol-version': revision, 'mcp-method': method, ...named, ...headers },
    url,
  )
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
