import type { Channel, Incoming } from './channel.ts'
import { currentIncoming } from './context.ts'
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
 * Lets what a server sends pass {@link sent} on its way. Of the request on whose behalf it is sent: in a session, many
 * share a transport.
 */
export function watched<Message extends object, Options>(transport: {
  send(message: Message, options?: Options): Promise<void>
}): void {
  const send = transport.send.bind(transport)
  transport.send = (message, options) => {
    const incoming = currentIncoming()
    return send(incoming ? sent(message, incoming.message, incoming.outgoing) : message, options)
  }
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
