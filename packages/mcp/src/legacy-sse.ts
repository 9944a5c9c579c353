import type { AuthInfo } from '@drawbridge/core'
import type { Channel, Connect, Dispatcher, Incoming } from './channel.ts'
import { checkFollowing, currentIncoming } from './current.ts'
import { rpcError, sessionNotFound } from './json-rpc.ts'
import type { LegacySseOptions } from './options.ts'
import { principalOf, userOf } from './principal.ts'
import { type SseTransport, sseTransport } from './sse-transport.ts'
import type { Timers } from './timers.ts'

interface Connection<User> {
  channel: Channel
  transport: SseTransport
  /** Whose it is. Not the token: a refreshed one continues. */
  principal: string
  user: string
  /** Of the token that ends last. */
  auth: AuthInfo<User> | undefined
  cancelIdle: () => void
}

/**
 * HTTP+SSE (MCP 2024-11-05): a GET opens a connection with a server of its own, and what is posted with its id reaches that.
 * It is its principal's alone, ends with its stream, and lives as long as the newest token it was used with.
 *
 * @param options.messages where clients post, as they see it
 */
export function legacySse<User>(
  connect: Connect<User>,
  options: LegacySseOptions & { messages: string; retrySeconds?: number | undefined },
  { time, onError }: { time: Timers; onError: (error: unknown) => void },
): Dispatcher<User> {
  checkFollowing('legacySse')
  const { idleSeconds = 1800, max = 1000, maxPerUser = 20, messages, retrySeconds } = options
  // In order of use: the first is the one longest unused.
  const byId = new Map<string, Connection<User>>()

  return {
    serve: (incoming) => (incoming.request.method === 'GET' ? open(incoming) : pass(incoming)),
    async close() {
      await Promise.all([...byId.keys()].map(end))
    },
  }

  async function open(incoming: Incoming<User>): ReturnType<Dispatcher<User>['serve']> {
    const { auth, request } = incoming
    const id = crypto.randomUUID()
    const endpoint = `${messages}?sessionId=${id}`
    const transport = sseTransport(endpoint, { time, retrySeconds, currentIncoming })
    const channel = await connect({ auth, request }, { sessionId: id, transport })
    const user = userOf(auth)
    const own = [...byId].filter(([, connection]) => connection.user === user)
    if (own.length >= maxPerUser) void end(own[0]?.[0])
    if (byId.size >= max) void end(byId.keys().next().value)
    const connection: Connection<User> = {
      ...{ channel, transport, principal: principalOf(auth), user, auth },
      cancelIdle() {},
    }
    touch(id, connection)
    const { onclose } = transport
    transport.onclose = () => {
      onclose?.()
      void end(id)
    }
    incoming.renewed = () => connection.auth
    incoming.owed = () => transport.unanswered()
    const headers = {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    }
    return { response: new Response(transport.stream, { headers }), done: () => void end(id) }
  }

  async function pass(incoming: Incoming<User>): ReturnType<Dispatcher<User>['serve']> {
    const { auth, request } = incoming
    const id = new URL(request.url).searchParams.get('sessionId')
    const connection = id === null ? undefined : byId.get(id)
    if (id === null || !connection || connection.principal !== principalOf(auth)) {
      return { response: sessionNotFound(), done() {} }
    }
    if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
      const response = rpcError(415, -32000, 'Unsupported Media Type: Content-Type must be application/json')
      return { response, done() {} }
    }
    if (auth && connection.auth && auth.expiresAt > connection.auth.expiresAt) connection.auth = auth
    touch(id, connection)
    return { response: await connection.channel.handle(incoming), done() {} }
  }

  function touch(id: string, connection: Connection<User>): void {
    connection.cancelIdle()
    connection.cancelIdle = time.after(idleSeconds * 1000, () => void end(id))
    byId.delete(id)
    byId.set(id, connection)
  }

  async function end(id: string | undefined): Promise<void> {
    const connection = id === undefined ? undefined : byId.get(id)
    if (id === undefined || !connection) return
    byId.delete(id)
    connection.cancelIdle()
    try {
      await connection.channel.close()
    } catch (error) {
      onError(error)
    }
  }
}
