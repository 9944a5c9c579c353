import type { AuthInfo } from '@drawbridge/core'
import type { Channel, Connect, Dispatcher, Incoming } from './channel.ts'
import { checkFollowing } from './current.ts'
import type { SessionEvents } from './events.ts'
import { isInitialize, rpcError, sessionNotFound } from './json-rpc.ts'
import type { SessionOptions } from './options.ts'
import { principalOf, userOf } from './principal.ts'
import type { Timers } from './timers.ts'

interface Session {
  id: string
  channel: Channel
  events: SessionEvents | undefined
  /** Whose it is. Not the token: a refreshed one continues the session. */
  principal: string
  user: string
  /** Requests being answered, open streams included. */
  busy: number
  /** Milliseconds since the Unix epoch. */
  lastUsed: number
}

/** A server for each session, which only the principal that began it can reach. */
export function sessions<User>(
  connect: Connect<User>,
  options: SessionOptions,
  {
    time,
    onError,
    eventsOf,
  }: {
    time: Timers
    onError: (error: unknown) => void
    eventsOf?: ((sessionId: string) => SessionEvents) | undefined
  },
): Dispatcher<User> {
  checkFollowing('sessions')
  const { idleSeconds = 1800, max = 10_000, maxPerUser = 100 } = options
  const idle = idleSeconds * 1000
  // In order of use: the first is the one longest unused.
  const byId = new Map<string, Session>()
  let cancelSweep: (() => void) | undefined

  return {
    async serve(incoming) {
      const id = incoming.request.headers.get('mcp-session-id')
      if (id === null) return begin(incoming)
      const session = find(id, principalOf(incoming.auth))
      if (!session) return { response: sessionNotFound(), done() {} }
      const release = hold(session)
      incoming.events = session.events
      try {
        // A DELETE closes the channel, and thereby ends the session.
        return { response: await session.channel.handle(incoming), done: release }
      } catch (error) {
        release()
        throw error
      }
    },
    async close() {
      await Promise.all([...byId.values()].map(end))
    },
  }

  async function begin(incoming: Incoming<User>): ReturnType<Dispatcher<User>['serve']> {
    if (!isInitialize(incoming.message)) {
      return { response: withoutSession(), done() {} }
    }
    const id = crypto.randomUUID()
    const events = eventsOf?.(id)
    const onclose = () => {
      forget(id)
      events?.end()
    }
    const context = { auth: incoming.auth, request: incoming.request }
    const channel = await connect(context, { sessionId: id, events, onclose }).catch((error) => {
      onclose()
      throw error
    })
    const close = () => void closed(channel)
    try {
      const response = await channel.handle(incoming)
      // Without the header the transport refused to initialize, and no client will ever come back to this server.
      if (response.headers.get('mcp-session-id') !== id) return { response, done: close }
      return { response, done: hold(add({ id, channel, events }, incoming.auth)) }
    } catch (error) {
      close()
      throw error
    }
  }

  function find(id: string, principal: string): Session | undefined {
    const session = byId.get(id)
    if (!session || session.principal !== principal) return undefined
    if (isIdle(session)) {
      void end(session)
      return undefined
    }
    return session
  }

  function add(made: Pick<Session, 'id' | 'channel' | 'events'>, auth: AuthInfo | undefined): Session {
    const user = userOf(auth)
    const own = [...byId.values()].filter((session) => session.user === user)
    if (own.length >= maxPerUser) endOldest(own)
    if (byId.size >= max) endOldest([...byId.values()])
    return { ...made, principal: principalOf(auth), user, busy: 0, lastUsed: time.now() }
  }

  /** Marks a session as in use until the returned function is called. */
  function hold(session: Session): () => void {
    touch(session)
    session.busy += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      session.busy -= 1
      if (byId.has(session.id)) touch(session)
    }
  }

  function touch(session: Session): void {
    session.lastUsed = time.now()
    byId.delete(session.id)
    byId.set(session.id, session)
    cancelSweep ??= time.after(idle, sweep)
  }

  /** Those with a request under way come last. */
  function endOldest(candidates: readonly Session[]): void {
    const oldest = candidates.find(({ busy }) => busy === 0) ?? candidates[0]
    if (oldest) void end(oldest)
  }

  function sweep(): void {
    cancelSweep = undefined
    for (const session of byId.values()) if (isIdle(session)) void end(session)
    if (byId.size === 0) return
    const next = [...byId.values()].find(({ busy }) => busy === 0)
    cancelSweep = time.after(next ? next.lastUsed + idle - time.now() : idle, sweep)
  }

  function isIdle({ busy, lastUsed }: Session): boolean {
    return busy === 0 && time.now() - lastUsed >= idle
  }

  async function end(session: Session): Promise<void> {
    forget(session.id)
    session.events?.end()
    await closed(session.channel)
  }

  function forget(id: string): void {
    byId.delete(id)
    if (byId.size > 0) return
    cancelSweep?.()
    cancelSweep = undefined
  }

  async function closed(channel: Channel): Promise<void> {
    try {
      await channel.close()
    } catch (error) {
      onError(error)
    }
  }
}

function withoutSession(): Response {
  return rpcError(
    400,
    -32000,
    'Bad Request: this server keeps sessions. Begin with `initialize`, then send the Mcp-Session-Id it answers with.',
  )
}
