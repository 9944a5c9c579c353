import type { Channel, Connect, Incoming } from './channel.ts'
import { currentIncoming, linkHandler } from './current.ts'
import { standalone } from './event-log.ts'
import type { SessionEvents } from './events.ts'
import { rpcError, sessionNotFound } from './json-rpc.ts'
import type { EndpointOptions } from './options.ts'
import { isHidden, sent } from './outgoing.ts'
import { asking } from './server-requests.ts'

/** What both lines' `WebStandardStreamableHTTPServerTransport` has. */
interface StreamableTransport {
  onclose?: (() => void) | undefined
  handleRequest(
    request: Request,
    options: { authInfo?: Incoming['auth'] & object; parsedBody?: unknown },
  ): Promise<Response>
}

/**
 * Joins a server to a transport, and sees what passes between them: what the server sends goes through {@link sent}, and
 * what it is given says whose request it is.
 *
 * @param incoming of the one request that the transport is for; in a session, where many share a transport, the running
 *   code knows
 * @param finished what the line itself does to a message, at last
 */
export async function joined<Transport extends WatchedTransport>(
  server: { connect(transport: Transport): Promise<void> },
  transport: Transport,
  incoming: Incoming | undefined,
  finished = (message: object, _to: Incoming): object => message,
): Promise<void> {
  const send = transport.send.bind(transport)
  /** Of who is at the other end. The running code may be about somebody else's request. */
  let theirs = incoming?.outgoing
  transport.send = async (message: object, options?: unknown) => {
    if (theirs && isHidden(message, theirs)) return
    const to = incoming ?? currentIncoming()
    if (to) return send(finished(sent(message, to.message, to.outgoing), to), options)
    // Whose answer this is cannot be told, nor then what of it they may see. Notifications are for all of a session.
    return send('result' in message && 'id' in message ? nobodys(message.id) : message, options)
  }
  await server.connect(transport)
  const { onmessage } = transport
  transport.onmessage = (message: never, extra: never) => {
    const from = incoming ?? currentIncoming()
    theirs = from?.outgoing ?? theirs
    linkHandler(extra, from)
    onmessage?.call(transport, message, extra)
  }
}

function nobodys(id: unknown): object {
  const error = {
    code: -32603,
    message: 'Internal error: the handler answered outside the request it was called for',
  }
  return { jsonrpc: '2.0', id, error }
}

/** What the transports of both lines have. */
interface WatchedTransport {
  // Methods, which compare loosely: each line has messages and options of its own.
  send(message: object, options?: unknown): Promise<void>
  onmessage?: ((message: never, extra: never) => void) | undefined
}

/**
 * Joins a server to the transport of a connection: the connection's own, or else the SDK's for the revisions until
 * 2025-11-25.
 *
 * @param Streamable the SDK's transport, of the server's line
 * @param finished as {@link joined} takes it
 */
export async function connected<Transport extends WatchedTransport>(
  server: { connect(transport: Transport): Promise<void>; close(): Promise<void> },
  Streamable: new (told: ReturnType<typeof transportOptions>) => NoInfer<Transport> & StreamableTransport,
  options: EndpointOptions,
  connection: ChannelOptions & { incoming?: Incoming },
  finished?: Parameters<typeof joined>[3],
): Promise<Channel> {
  const { transport: own, incoming, sessionId } = connection
  const streamable = () => {
    const transport = new Streamable(transportOptions(options, connection))
    return { transport, channel: streamableChannel(transport, options, connection) }
  }
  // Cast: ours has what they all have; how its messages are typed is the SDK's.
  const { transport, channel } = own ? { transport: own as unknown as Transport, channel: own } : streamable()
  asking(server, transport, {
    hasSession: sessionId !== undefined,
    hasSessions: Boolean(options.sessions),
    isJson: options.responses === 'json' && !own,
  })
  await joined(server, transport, incoming, finished)
  return { handle: (next) => channel.handle(next), close: () => server.close() }
}

/** What both lines' transports are told. */
function transportOptions(
  { responses, streams }: EndpointOptions,
  { sessionId, events }: ChannelOptions,
): {
  enableJsonResponse: boolean
  keepAliveMs: number
  retryInterval?: number
  sessionIdGenerator?: () => string
  eventStore?: SessionEvents
} {
  const { retrySeconds } = streams ?? {}
  return {
    enableJsonResponse: responses === 'json',
    // Comments are the endpoint's, on whatever stream.
    keepAliveMs: 0,
    ...(retrySeconds !== undefined && { retryInterval: Math.round(retrySeconds * 1000) }),
    ...(sessionId !== undefined && { sessionIdGenerator: () => sessionId }),
    ...(events && { eventStore: events }),
  }
}

type ChannelOptions = Omit<Parameters<Connect<never>>[1], 'incoming'>

/** A server on a transport of the revisions until 2025-11-25. */
function streamableChannel(
  transport: StreamableTransport,
  { responses, streams }: EndpointOptions,
  { sessionId, events, onclose }: ChannelOptions,
): Pick<Channel, 'handle'> {
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      onclose?.()
      resolve()
    }
  })
  return {
    async handle({ auth, message, request }) {
      const answer = () =>
        transport.handleRequest(request, {
          ...(auth && { authInfo: auth }),
          ...(message !== undefined && { parsedBody: message }),
        })
      if (request.method === 'GET' && events) return listened(request, events, answer)
      const response = answer()
      if (responses !== 'json' || request.method !== 'POST') return response
      // A transport that is closed forgets the JSON answers it owes, and their requests would hang.
      const givenUp = closed.then(() =>
        sessionId === undefined
          ? rpcError(503, -32000, 'The server closed before it could answer')
          : sessionNotFound(),
      )
      return Promise.race([response, givenUp])
    },
  }

  async function listened(
    request: Request,
    events: SessionEvents,
    answer: () => Promise<Response>,
  ): Promise<Response> {
    const last = request.headers.get('last-event-id')
    if (last) return events.resume(last, answer)
    const refusal = events.refusal()
    if (refusal) return refusal
    // As the SDKs begin the stream of a POST, for clients that know of it. Without one, a client that is cut off before
    // it heard anything has no place to come back to.
    const version = request.headers.get('mcp-protocol-version') ?? ''
    const id = version >= '2025-11-25' ? await events.storeEvent(standalone, {}) : ''
    const response = await answer()
    if (id === '' || response.status !== 200 || !response.body) return response
    const { retrySeconds } = streams ?? {}
    const retry = retrySeconds === undefined ? '' : `retry: ${Math.round(retrySeconds * 1000)}\n`
    return new Response(following(`id: ${id}\n${retry}data: \n\n`, response.body), response)
  }
}

/** A stream with a text before it. */
function following(text: string, stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
