import { ConfigurationError } from '@drawbridge/core'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { Channel, Connect } from './channel.ts'
import { checkOptions } from './check-options.ts'
import { currentIncoming } from './context.ts'
import { endpoint } from './endpoint.ts'
import { messagesIn, rpcError, sessionNotFound } from './json-rpc.ts'
import type { Mcp, McpOptions } from './options.ts'
import { withListedTools } from './tool-scopes.ts'

export { getAuth, getRequest, getUpstreamToken, upstreamFetch } from './context.ts'
export type { Mcp, McpOptions, RequireOptions, ServerContext, SessionOptions } from './options.ts'

/**
 * A server of `@modelcontextprotocol/sdk`: an `McpServer`, or the `Server` inside it. Its shape and not its class: the SDK
 * has each class twice, for `import` and for `require`, and neither is assignable to the other.
 */
export interface ServerV1 {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
}

/**
 * Serves MCP over Streamable HTTP behind an Auth: its OAuth routes, its gate, and the endpoint itself. For servers
 * built with `@modelcontextprotocol/sdk` (v1).
 *
 * @returns something adapters mount, and that runs as it is wherever `{ fetch }` is expected.
 * @throws {ConfigurationError} for options that cannot work, naming the option and the fix.
 * @example
 * export default mcp({
 *   auth,
 *   server: ({ auth }) => {
 *     const server = new McpServer({ name: 'notes', version: '1.0.0' })
 *     server.registerTool('whoami', {}, () => ({ content: [{ type: 'text', text: auth.extra.subject }] }))
 *     return server
 *   },
 * })
 */
export function mcp<User>(options: McpOptions<User, ServerV1>): Mcp {
  checkOptions(options)
  const json = options.responses === 'json'
  const used = new WeakSet<object>()

  const connect: Connect<User> = async (context, { sessionId, onclose }) => {
    const server = fresh(await options.server(context), used)
    const transport = new WebStandardStreamableHTTPServerTransport({
      enableJsonResponse: json,
      ...(sessionId === undefined ? {} : { sessionIdGenerator: () => sessionId }),
    })
    const closed = new Promise<void>((resolve) => {
      transport.onclose = () => {
        onclose?.()
        resolve()
      }
    })
    const send = transport.send.bind(transport)
    transport.send = (message, options) => send(shortened(withoutHiddenTools(message)), options)
    await server.connect(transport)

    const channel: Channel = {
      async handle(incoming) {
        const { message, auth: authInfo } = incoming
        const response = transport.handleRequest(incoming.request, {
          authInfo,
          ...(message === undefined ? {} : { parsedBody: message }),
        })
        if (!json || incoming.request.method !== 'POST') return response
        // A transport that is closed forgets the JSON answers it owes, and their requests would hang.
        const givenUp = closed.then(() =>
          sessionId === undefined
            ? rpcError(503, -32000, 'The server closed before it could answer')
            : sessionNotFound(),
        )
        return Promise.race([response, givenUp])
      },
      close: () => server.close(),
    }
    return channel
  }
  return endpoint(options, connect)
}

const longestError = 4000

/** What is wrong with a request is said at length by whoever validates it, once for each wrong value. */
function shortened(message: JSONRPCMessage): JSONRPCMessage {
  if (!('error' in message) || message.error.message.length <= longestError) return message
  const text = `${message.error.message.slice(0, longestError)}...`
  return { ...message, error: { ...message.error, message: text } }
}

/** Takes out of a `tools/list` answer what the token of the request it answers does not reach. */
function withoutHiddenTools(message: JSONRPCMessage): JSONRPCMessage {
  if (!('result' in message)) return message
  const incoming = currentIncoming()
  const isListing = messagesIn(incoming?.message).some(
    ({ method, id }) => method === 'tools/list' && id === message.id,
  )
  if (!incoming || !isListing) return message
  return { ...message, result: withListedTools(message.result, incoming.mayList) }
}

function fresh(server: ServerV1, used: WeakSet<object>): ServerV1 {
  if (typeof server?.connect !== 'function' || typeof server.close !== 'function') {
    throw new ConfigurationError(
      'server',
      `returned ${server === null ? 'null' : typeof server} and not an McpServer`,
      'Return the McpServer it builds, from @modelcontextprotocol/sdk; is a `return` missing?',
    )
  }
  if (used.has(server)) {
    throw new ConfigurationError(
      'server',
      'returned the same McpServer twice',
      'Build it inside the function: a shared server sends the answers of one caller to another.',
    )
  }
  used.add(server)
  return server
}
