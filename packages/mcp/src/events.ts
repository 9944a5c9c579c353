import { currentIncoming } from './current.ts'
import { type Replay, type SessionLog, standalone } from './event-log.ts'
import { foreignLog } from './foreign-log.ts'
import { requestIds, rpcError } from './json-rpc.ts'
import { memoryLogs } from './memory-log.ts'
import type { EventStore, StreamOptions } from './options.ts'
import type { Timers } from './timers.ts'

/** The events of one session, as the transports of both SDKs ask for them. */
export interface SessionEvents extends EventStore {
  /**
   * Lets a client go on after an event: `answer` is what the transport says then. An event that is not known here, since it
   * is another session's or was dropped, gets 404.
   */
  resume(eventId: string, answer: () => Promise<Response>): Promise<Response>
  /** A stream was cut since its token expired; its client is about to resume it with a fresh one. */
  cut(): void
  /**
   * Why a stream without an event id is refused now: 409, once for each that was cut. A client of SDK v1 that met a 401 asks
   * for a new stream instead of its own, and for its own when it did not get that.
   */
  refusal(): Response | undefined
  end(): void
}

/**
 * Keeps what is said on streams of sessions.
 *
 * @returns makes the events of a new session; `undefined` where nothing is to be kept
 */
export function eventsOfSessions(
  option: StreamOptions['events'] = true,
  { time, onError }: { time: Timers; onError: (error: unknown) => void },
): ((sessionId: string) => SessionEvents) | undefined {
  if (option === false) return undefined
  if (isEventStore(option)) return (sessionId) => sessionEvents(foreignLog(option, sessionId), time, onError)
  const inMemory = memoryLogs(option === true ? {} : option, time)
  return () => sessionEvents(inMemory(), time, onError)
}

export function isEventStore(given: unknown): given is EventStore {
  return typeof Object(given).storeEvent === 'function'
}

/** Milliseconds in which a client comes back. */
const returning = 60_000

/** Of one session. Who was given up last may still be talking. */
const mostDropped = 1000

function sessionEvents(log: SessionLog, time: Timers, onError: (error: unknown) => void): SessionEvents {
  /** One after the other. What is said meanwhile waits: it would reach neither the old connection nor the new one. */
  let resuming: Promise<unknown> = Promise.resolve()
  let replay: Replay | undefined
  /** Streams that were given up. A handler may still say something, also outside of its request's context. */
  const dropped = new Set<string>()
  /** When streams were cut that nobody has asked for since. */
  let cuts: number[] = []

  function drop(streamId: string): void {
    dropped.add(streamId)
    const [oldest] = dropped
    if (dropped.size > mostDropped && oldest !== undefined) dropped.delete(oldest)
    log.drop(streamId)
  }

  return {
    async storeEvent(streamId, message) {
      await resuming
      const incoming = currentIncoming()
      if (dropped.has(streamId)) return ''
      try {
        const id = await log.add(streamId, message, requestIds(incoming?.message))
        if (!incoming || streamId === standalone) return id
        incoming.forget = () => drop(streamId)
        // That may have happened while a store was busy.
        if (incoming.isChallenged) drop(streamId)
        return id
      } catch (error) {
        // The message is sent all the same, and nobody can come back to it.
        onError(error)
        return ''
      }
    },
    async replayEventsAfter(_, { send }) {
      if (!replay) throw new Error('nobody asked to resume')
      for (const { id, message } of replay.events) await send(id, message as never)
      return replay.streamId
    },
    resume(eventId, answer) {
      const resumed = resuming.then(async () => {
        try {
          replay = await log.after(eventId)
        } catch (error) {
          onError(error)
          return rpcError(503, -32000, 'What was said here cannot be read now. Try again shortly.', {
            'retry-after': '2',
          })
        }
        return replay ? answer() : unknownEvent()
      })
      resuming = resumed.catch(() => {})
      return resumed
    },
    cut() {
      cuts = [...cuts.slice(-99), time.now()]
    },
    refusal() {
      cuts = cuts.filter((at) => time.now() - at < returning)
      if (cuts.shift() === undefined) return undefined
      return rpcError(
        409,
        -32000,
        'A stream of this session was cut. Come back to it with its Last-Event-ID.',
      )
    },
    end: () => log.end(),
  }
}

/** The same answer whether an event never was, was dropped, or is another session's. */
function unknownEvent(): Response {
  return rpcError(404, -32001, 'Event not found: this stream cannot be resumed here.')
}
