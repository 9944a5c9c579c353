import { checkCall } from '@drawbridge/core'
import {
  classifyInboundRequest,
  createMcpHandler,
  type ServerEventBus,
  type ServerNotifier,
  type Transport,
  UriTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { adopted } from './adopted.ts'
import type { Channel, Incoming, Line } from './channel.ts'
import { checkOptions } from './check-options.ts'
import { currentIncoming } from './current.ts'
import { endpoint } from './endpoint.ts'
import { freshServers } from './fresh.ts'
import { messagesIn, rpcError } from './json-rpc.ts'
import { listenersOf } from './listeners.ts'
import type { AnyOptions, Mcp, McpOptions, OpenOptions, PublicOptions, ServerContext } from './options.ts'
import { type RequestStateOptions, requestStates } from './request-state.ts'
import { matcher } from './resource-uris.ts'
import { challengesNobody } from './scope-challenge.ts'
import { connected, joined } from './streamable.ts'
import { type SubscriptionOptions, subscribers } from './subscriptions.ts'
import { timers } from './timers.ts'

export * from './context.ts'
export type * from './options.ts'

/**
 * A server of `@modelcontextprotocol/server`: an `McpServer`, or the `Server` inside it. Its shape and not its class: the SDK
 * has each class twice, for `import` and for `require`, and neither is assignable to the other.
 */
export interface ServerV2 {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
}

/** What only this line has. */
export interface V2Options extends RequestStateOptions {
  /**
   * Carries "the list has changed" to the streams that clients opened with `subscriptions/listen`. Default: within this
   * process.
   */
  bus?: ServerEventBus | undefined
  /** How many of these streams may be open. */
  subscriptions?: SubscriptionOptions | undefined
}

/** What `mcp()` of this line returns. */
export interface McpV2 extends Mcp {
  /** Tells subscribed clients of changes: a server of one request is gone when they happen. */
  readonly notify: ServerNotifier
}

/**
 * Serves MCP over Streamable HTTP behind an Auth: its OAuth routes, its gate, and the endpoint itself. For servers
 * built with `@modelcontextprotocol/server` (v2), which speak the protocol of 2026-07-28 and the revisions before it.
 * Without an `auth` it serves everybody.
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
export function mcp(options: OpenOptions<ServerV2> & V2Options): McpV2
export function mcp<User, const Public extends PublicOptions | undefined = undefined>(
  options: McpOptions<User, ServerV2, Public> & V2Options,
): McpV2
export function mcp<User>(given: AnyOptions<User, ServerV2> & V2Options): McpV2 {
  const { bus, subscriptions, secret, requestStateSeconds, ...options } = given
  checkOptions(options)
  checkCall<V2Options>(
    'mcp({ auth, server: createServer })',
    { bus, subscriptions, secret, requestStateSeconds },
    { bus: true, subscriptions: true, secret: true, requestStateSeconds: 'count' },
  )
  const listening = subscribers(subscriptions)
  let isClosed = false
  const fresh = freshServers<ServerV2>('@modelcontextprotocol/server')
  // Each overload says itself when `auth` may be undefined.
  const build = options.server as (context: unknown) => ServerV2 | Promise<ServerV2>

  // Where nobody signs in there is one principal, and nothing to tell apart.
  const states =
    options.auth &&
    requestStates(
      { secret, requestStateSeconds },
      { auth: options.auth, now: timers(options.clock).now, ...listenersOf(options) },
    )

  /** Requests of the protocol without sessions, until their servers are built. */
  const exchanges = new WeakMap<Request, Exchange<User>>()
  const modern = createMcpHandler(
    async ({ requestInfo }) => {
      const exchange = requestInfo && exchanges.get(requestInfo)
      if (!exchange) throw new Error('a server was asked for without a request')
      try {
        exchange.server = challengesNobody(fresh(await build(exchange.context)), exchange.incoming)
      } catch (error) {
        exchange.fault = error
        throw error
      }
      return watchedServer(adopted(exchange.server), exchange.incoming)
    },
    {
      legacy: 'reject',
      responseMode: options.responses ?? 'auto',
      // Comments are the endpoint's.
      keepAliveMs: 0,
      maxSubscriptions: subscriptions?.max ?? 10_000,
      onerror(error) {
        const request = currentIncoming()?.request
        const exchange = request && exchanges.get(request)
        if (exchange) exchange.reported = error
      },
      ...(bus && { bus }),
    },
  )

  const line: Line<User> = {
    template: (text) => matcher(new UriTemplate(text)),
    isStateless: isModern,
    close() {
      isClosed = true
      return modern.close()
    },
    async connect(context, connection) {
      const { incoming } = connection
      if (incoming && isModern(incoming)) return exchangeChannel(context, incoming)
      const server = challengesNobody(fresh(await build(context)), incoming)
      const channel = await connected(
        server,
        WebStandardStreamableHTTPServerTransport,
        options,
        connection,
        states?.marked,
      )
      return { ...channel, handle: (next) => opened(next, channel.handle) }
    },
  }
  return { ...endpoint(options, line), notify: modern.notify }

  /** A request of the protocol without sessions: the SDK builds the server when it has looked at the request. */
  function exchangeChannel(context: ServerContext<User, undefined>, incoming: Incoming<User>): Channel {
    const exchange: Exchange<User> = { context, incoming }
    let leave = () => {}
    return {
      handle: (incoming) =>
        opened(incoming, async ({ auth, request, message }) => {
          if (isClosed) return closing()
          if (messagesIn(message).some(({ method }) => method === 'subscriptions/listen')) {
            const place = listening.take(auth)
            if (typeof place !== 'function') return place
            leave = place
          }
          exchanges.set(request, exchange)
          const response = await modern.fetch(request, {
            ...(auth && { authInfo: auth }),
            parsedBody: message,
          })
          if (response.status >= 500) throw exchange.fault ?? exchange.reported ?? new Error('no answer')
          return response
        }),
      async close() {
        leave()
        await exchange.server?.close()
      },
    }
  }

  /** Of whatever revision: the SDK hands on a `requestState` of the older ones as well. */
  async function opened(incoming: Incoming, handle: Channel['handle']): Promise<Response> {
    const { refused, ...changed } = states?.opened(incoming) ?? {}
    return refused ?? handle({ ...incoming, ...changed })
  }

  /** The SDK makes the transport; this way we see it, too. */
  function watchedServer<Adopted extends ServerV2>(server: Adopted, incoming: Incoming): Adopted {
    const connect = server.connect.bind(server)
    server.connect = (transport) => joined({ connect }, transport, incoming, states?.marked)
    return server
  }
}

interface Exchange<User> {
  context: ServerContext<User, undefined>
  incoming: Incoming<User>
  server?: ServerV2
  /** What the factory threw. */
  fault?: unknown
  /** What the SDK said. */
  reported?: unknown
}

function closing(): Response {
  return rpcError(503, -32000, 'The server is shutting down. Try again shortly.', { 'retry-after': '2' })
}

/** Whether it is for the protocol without sessions to answer, also with a refusal. */
function isModern({ request, message }: Pick<Incoming, 'request' | 'message'>): boolean {
  const version = request.headers.get('mcp-protocol-version')
  const method = request.headers.get('mcp-method')
  const name = request.headers.get('mcp-name')
  const outcome = classifyInboundRequest({
    httpMethod: request.method,
    ...(version !== null && { protocolVersionHeader: version }),
    ...(method !== null && { mcpMethodHeader: method }),
    ...(name !== null && { mcpNameHeader: name }),
    body: message,
  })
  return outcome.kind !== 'legacy'
}
