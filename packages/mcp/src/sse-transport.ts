import type { Incoming, OwnTransport } from './channel.ts'
import { isObject, requestIds, rpcError, sessionNotFound } from './json-rpc.ts'
import type { Timers } from './timers.ts'

const encoder = new TextEncoder()

/** Milliseconds that a POST waits for the first word of its handler: until then its answer can still be a challenge. */
const longestHeld = 1000

/** Requests under way on one connection. */
const mostOpen = 1000

export interface SseTransport extends OwnTransport {
  /** What a GET is answered with. */
  readonly stream: ReadableStream<Uint8Array>
  /** Requests that were not answered, as messages. */
  unanswered(): { id: string | number; method: string }[]
  /** By this, servers of v2 say what scopes a tool takes. */
  setScopeChallengeResolver(resolver: ScopeChallengeResolver): void
}

type ScopeChallengeResolver = (context: {
  request: never
  authInfo?: never
}) => { scopes: readonly string[] } | undefined | Promise<{ scopes: readonly string[] } | undefined>

/**
 * The transport of HTTP+SSE (MCP 2024-11-05): the server speaks on one stream, whose first event says where the client is to
 * post what it says. Both SDKs connect to it.
 *
 * @param endpoint where to post, as a URI reference
 * @param retrySeconds how long the client is asked to wait before it comes back
 * @param currentIncoming whose request the running code is about
 */
export function sseTransport(
  endpoint: string,
  {
    time,
    retrySeconds,
    currentIncoming,
  }: {
    time: Timers
    retrySeconds?: number | undefined
    currentIncoming: () => Incoming | undefined
  },
): SseTransport {
  /** Requests, and what to do when the first word about one is said. */
  const open = new Map<string | number, () => void>()
  let isOpen = true
  let resolver: ScopeChallengeResolver | undefined
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created
      const retry = retrySeconds === undefined ? '' : `retry: ${Math.round(retrySeconds * 1000)}\n`
      created.enqueue(encoder.encode(`${retry}event: endpoint\ndata: ${endpoint}\n\n`))
    },
    cancel: () => transport.close(),
  })

  const transport: SseTransport = {
    stream,
    unanswered: () => [...open.keys()].map((id) => ({ id, method: '' })),
    async start() {},
    async send(message) {
      if (!isOpen) throw new Error('the client has left')
      const { id } = message as { id?: string | number }
      const isAnswer = id !== undefined && !('method' in message)
      const to = currentIncoming()
      const heard = requestIds(to?.message).map((each) => open.get(each))
      if (isAnswer) {
        heard.push(open.get(id))
        open.delete(id)
      }
      // Its POST is about to be answered with the challenge, and nobody is to be answered twice.
      if (!to?.wanted || to.isAnswered) write(JSON.stringify(message))
      for (const hear of heard) hear?.()
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      try {
        controller?.close()
      } catch {
        // Its reader was faster.
      }
      for (const hear of open.values()) hear()
      transport.onclose?.()
    },
    setScopeChallengeResolver(given) {
      resolver = given
    },
    async handle(incoming) {
      const { message, request, auth } = incoming
      if (!isMessage(message)) return rpcError(400, -32600, 'Invalid Request: this is no JSON-RPC message')
      const [id] = requestIds(message)
      if (id !== undefined) {
        const challenge = await resolver?.({ request: message, ...(auth && { authInfo: auth }) } as never)
        if (challenge) return insufficientScope(challenge.scopes)
        if (open.has(id)) return rpcError(400, -32600, 'Invalid Request: this id is in use')
        if (open.size >= mostOpen)
          return rpcError(503, -32000, 'Too many requests are under way', { 'retry-after': '5' })
      }
      if (!isOpen) return sessionNotFound()
      const first = id === undefined ? Promise.resolve() : firstWordOn(id)
      // As the transports of either line tell it.
      const extra = {
        ...(auth && { authInfo: auth }),
        requestInfo: { headers: Object.fromEntries(request.headers), url: new URL(request.url) },
        request,
      }
      forgetCancelled(message)
      transport.onmessage?.(message as never, extra as never)
      await first
      const current = currentIncoming()
      if (current && !current.wanted) current.isAnswered = true
      return accepted()
    },
  }
  return transport

  /** To what is cancelled, servers say nothing. */
  function forgetCancelled(message: unknown): void {
    const { method, params } = message as { method?: unknown; params?: unknown }
    if (method !== 'notifications/cancelled' || !isObject(params)) return
    const id = params.requestId as string | number
    open.get(id)?.()
    open.delete(id)
  }

  /** Or nothing for a while. */
  function firstWordOn(id: string | number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = time.after(longestHeld, resolve)
      open.set(id, () => {
        cancelTimer()
        resolve()
      })
    })
  }

  function write(data: string): void {
    controller?.enqueue(encoder.encode(`event: message\ndata: ${data}\n\n`))
  }
}

/** For the endpoint, which makes its own of it. */
function insufficientScope(scopes: readonly string[]): Response {
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`
  return new Response(null, { status: 403, headers: { 'www-authenticate': challenge } })
}

function isMessage(message: unknown): boolean {
  if (!isObject(message) || Array.isArray(message) || message.jsonrpc !== '2.0') return false
  const { id, method } = message
  const isId = typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id))
  if (typeof method === 'string') return id === undefined || isId
  return method === undefined && isId && ('result' in message || 'error' in message)
}

function accepted(): Response {
  return new Response('Accepted', { status: 202, headers: { 'content-type': 'text/plain' } })
}
