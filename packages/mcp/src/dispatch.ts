import { bounded } from './bounded.ts'
import type { Dispatcher, Incoming, Line } from './channel.ts'
import { eventsOfSessions } from './events.ts'
import { isInitialize } from './json-rpc.ts'
import type { LegacyPaths } from './legacy-paths.ts'
import { legacySse } from './legacy-sse.ts'
import type { AnyOptions } from './options.ts'
import { sessions } from './sessions.ts'
import { stateless } from './stateless.ts'
import type { Timers } from './timers.ts'

/** One of the addresses of the endpoint. */
export interface Place<User> {
  methods: readonly string[]
  /** Of HTTP+SSE. */
  connections?: Dispatcher<User> | undefined
}

/** Which of the ways to keep servers a request gets. */
export interface Dispatchers<User> {
  /** Where HTTP+SSE is served. */
  connections: Dispatcher<User> | undefined
  of(incoming: Incoming<User>, place: Place<User>): Dispatcher<User>
  close(): Promise<void>
}

export function dispatchers<User, Server>(
  options: AnyOptions<User, Server>,
  line: Line<User>,
  {
    old,
    streamSeconds,
    time,
    onError,
  }: {
    old: LegacyPaths | undefined
    /** How long who has no token is served. */
    streamSeconds: number
    time: Timers
    onError: (error: unknown) => void
  },
): Dispatchers<User> {
  const { concurrent = 100 } = options.public?.limits ?? {}
  const alone = stateless(line.connect, onError)
  const forNobody = bounded(alone, { concurrent, seconds: streamSeconds }, time)
  const together = options.sessions
    ? sessions(line.connect, options.sessions === true ? {} : options.sessions, {
        time,
        onError,
        eventsOf: eventsOfSessions(options.streams?.events, { time, onError }),
      })
    : undefined
  const connections =
    old &&
    legacySse(
      line.connect,
      {
        ...(options.legacySse === true ? {} : options.legacySse),
        messages: old.announced,
        retrySeconds: options.streams?.retrySeconds,
      },
      { time, onError },
    )
  return {
    connections,
    of(incoming, place) {
      if (options.auth && !incoming.auth) return forNobody
      return place.connections ?? (together && isForSession(incoming) ? together : alone)
    },
    async close() {
      await Promise.all([alone.close(), together?.close(), connections?.close()])
    },
  }

  /** Who came without a token got no session, and goes on without one until it initializes anew. */
  function isForSession(incoming: Incoming<User>): boolean {
    const { request, message } = incoming
    if (line.isStateless?.(incoming)) return false
    if (!options.public || request.method !== 'POST' || request.headers.has('mcp-session-id')) return true
    return isInitialize(message)
  }
}
