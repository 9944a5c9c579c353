import type { Channel, Incoming } from './channel.ts'
import { currentIncoming, linkHandler } from './current.ts'
import { rpcError, sessionNotFound } from './json-rpc.ts'
import { sent } from './outgoing.ts'

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
  transport.send = (message: object, options?: unknown) => {
    const to = incoming ?? currentIncoming()
    return send(to ? finished(sent(message, to.message, to.outgoing), to) : message, options)
  }
  await server.connect(transport)
  const { onmessage } = transport
  transport.onmessage = (message: never, extra: never) => {
    linkHandler(extra, incoming ?? currentIncoming())
    onmessage?.call(transport, message, extra)
  }
}

/** What the transports of both lines have. */
interface WatchedTransport {
  // Methods, which compare loosely: each line has messages and options of its own.
  send(message: object, options?: unknown): Promise<void>
  onmessage?: ((message: never, extra: never) => void) | undefined
}

/** A server on a transport of the revisions until 2025-11-25. */
export function streamableChannel(
  transport: StreamableTransport,
  {
    json,
    sessionId,
    onclose,
  }: { json: boolean; sessionId?: string | undefined; onclose?: (() => void) | undefined },
): Pick<Channel, 'handle'> {
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      onclose?.()
      resolve()
    }
  })
  return {
    async handle({ auth, message, request }) {
      const response = transport.handleRequest(request, {
        ...(auth && { authInfo: auth }),
        ...(message !== undefined && { parsedBody: message }),
      })
      if (!json || request.method !== 'POST') return response
      // A transport that is closed forgets the JSON answers it owes, and their requests would hang.
      const givenUp = closed.then(() =>
        sessionId === undefined
          ? rpcError(503, -32000, 'The server closed before it could answer')
          : sessionNotFound(),
      )
      return Promise.race([response, givenUp])
    },
  }
}
