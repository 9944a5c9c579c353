import { isPriming, type SessionLog, standalone } from './event-log.ts'
import type { EventOptions } from './options.ts'
import type { Timers } from './timers.ts'

interface Kept {
  stream: Stream
  seq: number
  /** As JSON: whoever made the message may go on changing it. */
  text: string
  /** Milliseconds since the Unix epoch. */
  at: number
  isNotification: boolean
}

interface Stream {
  id: string
  number: number
  /** The number of the next event. */
  next: number
  /** By their numbers, in order. */
  events: Map<number, Kept>
  /** Requests that it has not answered. */
  awaited: Set<unknown>
  /** Before this, a request or an answer has been dropped, and nobody can go on. */
  whole: number
}

interface Session {
  /** Nobody outside this session has it. */
  tag: string
  streams: Map<string, Stream>
  byNumber: Map<number, Stream>
  opened: number
  /** Of all streams, in order. */
  events: Set<Kept>
  size: number
}

/** Streams of a session that are not over. Of a request that was cancelled nothing is heard any more. */
const mostStreams = 1000

/** Beside its text; small events would otherwise be kept without end. */
const overhead = 200

/**
 * Keeps events in memory, so many of each stream, and so many bytes of each session and of all. What goes first are the
 * oldest of the session that has most, so that nobody drives out another's. Who comes back too late for a notification
 * gets what is left; who comes too late for an answer cannot go on.
 *
 * @returns makes the log of a new session
 */
export function memoryLogs(options: EventOptions, time: Timers): () => SessionLog {
  const {
    keepSeconds = 300,
    maxPerStream = 1000,
    maxBytesPerSession = 4 * 1024 * 1024,
    maxBytes = 64 * 1024 * 1024,
  } = options
  const sessions = new Set<Session>()
  let size = 0
  let cancelSweep: (() => void) | undefined

  return () => {
    const session: Session = {
      tag: crypto.randomUUID().replaceAll('-', ''),
      streams: new Map(),
      byNumber: new Map(),
      opened: 0,
      events: new Set(),
      size: 0,
    }
    sessions.add(session)
    let isOver = false
    return {
      async add(streamId, message, awaited) {
        const stream = session.streams.get(streamId) ?? open(session, streamId, awaited)
        const seq = stream.next
        stream.next += 1
        // A handler may go on after its session.
        if (!isPriming(message) && !isOver) keep(session, stream, seq, message)
        return `${session.tag}.${stream.number.toString(36)}.${seq.toString(36)}`
      },
      async after(eventId) {
        dropOld(session)
        const place = placeOf(session, eventId)
        if (!place) return undefined
        const { stream, seq } = place
        const later = [...stream.events.values()].filter((event) => event.seq > seq)
        return {
          streamId: stream.id,
          events: later.map((event) => ({
            id: `${session.tag}.${stream.number.toString(36)}.${event.seq.toString(36)}`,
            message: JSON.parse(event.text),
          })),
        }
      },
      drop(streamId) {
        const stream = session.streams.get(streamId)
        if (stream) forget(session, stream)
      },
      end() {
        isOver = true
        sessions.delete(session)
        size -= session.size
        session.size = 0
        session.events.clear()
        session.streams.clear()
        session.byNumber.clear()
        if (size > 0) return
        cancelSweep?.()
        cancelSweep = undefined
      },
    }
  }

  function open(session: Session, id: string, awaited: readonly unknown[]): Stream {
    session.opened += 1
    const number = session.opened
    const stream = { id, number, next: 0, events: new Map(), awaited: new Set(awaited), whole: 0 }
    session.streams.set(id, stream)
    session.byNumber.set(number, stream)
    if (session.streams.size > mostStreams) {
      const oldest = [...session.streams.values()].find((one) => one.id !== standalone)
      if (oldest) forget(session, oldest)
    }
    return stream
  }

  function forget(session: Session, stream: Stream): void {
    stream.awaited.clear()
    for (const event of stream.events.values()) remove(session, event)
    closeIfOver(session, stream)
  }

  function keep(session: Session, stream: Stream, seq: number, message: object): void {
    const text = JSON.stringify(message)
    const event: Kept = { stream, seq, text, at: time.now(), isNotification: !('id' in message) }
    if ('id' in message && !('method' in message)) stream.awaited.delete(message.id)
    stream.events.set(seq, event)
    session.events.add(event)
    session.size += sizeOf(event)
    size += sizeOf(event)
    if (stream.events.size > maxPerStream) drop(session, stream.events.values())
    while (session.size > maxBytesPerSession) drop(session, session.events)
    if (size > maxBytes) relieve()
    cancelSweep ??= time.after(keepSeconds * 1000, sweep)
  }

  /** From the session with most, a quarter at once: finding it takes a look at all. */
  function relieve(): void {
    while (size > maxBytes) {
      const heaviest = [...sessions].reduce((one, other) => (other.size > one.size ? other : one))
      const enough = heaviest.size * 0.75
      while (heaviest.size > enough) drop(heaviest, heaviest.events)
    }
  }

  /** The first of these. */
  function drop(session: Session, events: Iterable<Kept>): void {
    const [event] = events
    if (!event) return
    const { stream } = event
    remove(session, event)
    if (!event.isNotification) stream.whole = event.seq
    closeIfOver(session, stream)
  }

  function remove(session: Session, event: Kept): void {
    event.stream.events.delete(event.seq)
    session.events.delete(event)
    session.size -= sizeOf(event)
    size -= sizeOf(event)
  }

  function closeIfOver(session: Session, { id, number, events, awaited }: Stream): void {
    if (events.size > 0 || awaited.size > 0 || id === standalone) return
    session.streams.delete(id)
    session.byNumber.delete(number)
  }

  function dropOld(session: Session): void {
    for (const event of session.events) {
      if (time.now() - event.at < keepSeconds * 1000) return
      drop(session, [event])
    }
  }

  function sweep(): void {
    cancelSweep = undefined
    for (const session of sessions) dropOld(session)
    if (size > 0) cancelSweep = time.after(keepSeconds * 1000, sweep)
  }
}

function placeOf(session: Session, eventId: string): { stream: Stream; seq: number } | undefined {
  const [, tag, number = '', place = ''] =
    /^([0-9a-f]{32})\.([0-9a-z]{1,10})\.([0-9a-z]{1,10})$/.exec(eventId) ?? []
  if (tag !== session.tag) return undefined
  const stream = session.byNumber.get(Number.parseInt(number, 36))
  const seq = Number.parseInt(place, 36)
  return stream && seq < stream.next && seq >= stream.whole ? { stream, seq } : undefined
}

function sizeOf({ text }: Kept): number {
  return text.length + overhead
}
