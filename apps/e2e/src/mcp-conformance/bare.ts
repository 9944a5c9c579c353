import type { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport as TransportV1 } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  classifyInboundRequest,
  createMcpHandler,
  type ServerNotifier,
  type McpServer as ServerV2,
  WebStandardStreamableHTTPServerTransport as TransportV2,
} from '@modelcontextprotocol/server'

/** The SDKs with sessions, as their own documentation puts them on the web, and nothing of ours. */
export interface Bare {
  fetch(request: Request): Promise<Response>
  close(): Promise<void>
}

interface Transport {
  handleRequest(request: Request, options: { parsedBody?: unknown }): Promise<Response>
  close(): Promise<void>
}

export function bareV1(create: () => ServerV1): Bare {
  return inSessions(async (id, onclosed) => {
    const transport = new TransportV1({ sessionIdGenerator: () => id, onsessionclosed: onclosed })
    await create().connect(transport as Parameters<ServerV1['connect']>[0])
    return transport
  })
}

export function bareV2(create: (notifier: () => ServerNotifier) => ServerV2): Bare {
  const server = () => create(() => modern.notify)
  const modern = createMcpHandler(server, { legacy: 'reject', onerror() {} })
  const legacy = inSessions(async (id, onclosed) => {
    const transport = new TransportV2({ sessionIdGenerator: () => id, onsessionclosed: onclosed })
    await server().connect(transport)
    return transport
  })
  return {
    async fetch(request) {
      const parsedBody = request.method === 'POST' ? await request.clone().json() : undefined
      const version = request.headers.get('mcp-protocol-version')
      const { kind } = classifyInboundRequest({
        httpMethod: request.method,
        ...(version !== null && { protocolVersionHeader: version }),
        body: parsedBody,
      })
      return kind === 'legacy' ? legacy.fetch(request) : modern.fetch(request)
    },
    async close() {
      await Promise.all([modern.close(), legacy.close()])
    },
  }
}

function inSessions(begin: (id: string, onclosed: () => void) => Promise<Transport>): Bare {
  const sessions = new Map<string, Transport>()
  return {
    async fetch(request) {
      const given = request.headers.get('mcp-session-id')
      if (given !== null) {
        const session = sessions.get(given)
        return session?.handleRequest(request, {}) ?? new Response('Session not found', { status: 404 })
      }
      const id = crypto.randomUUID()
      const transport = await begin(id, () => sessions.delete(id))
      sessions.set(id, transport)
      return transport.handleRequest(request, {})
    },
    async close() {
      for (const transport of sessions.values()) await transport.close()
    },
  }
}
