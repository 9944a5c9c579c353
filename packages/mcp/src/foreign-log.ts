import { isPriming, type SessionLog, standalone } from './event-log.ts'
import type { EventStore } from './options.ts'

/** Without an underscore: the SDK's example, which many copy, makes ids with one, and takes what is before it for the stream. */
const listening = 'listening'

const encoder = new TextEncoder()

/**
 * Events of one session in a store that an operator brought. Its streams carry the session's id, since every session has
 * a stream of the same name; its ids are sealed with a key of the session, since they may be easy to guess.
 */
export function foreignLog(store: EventStore, sessionId: string): SessionLog {
  const prefix = `${sessionId}:`
  const key = crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
  let isOver = false

  return {
    async add(streamId, message) {
      return sealed(await store.storeEvent(nameOf(streamId), message))
    },
    async after(eventId) {
      const id = isOver ? undefined : await opened(eventId)
      if (id === undefined) return undefined
      const found: { id: string; message: object }[] = []
      const streamId = await store.replayEventsAfter(id, {
        async send(id, message: object) {
          if (!isPriming(message)) found.push({ id: await sealed(id), message })
        },
      })
      // A store that finds nothing says so in its own way.
      if (typeof streamId !== 'string' || !streamId.startsWith(prefix) || streamId === prefix)
        return undefined
      const name = streamId.slice(prefix.length)
      return { streamId: name === listening ? standalone : name, events: found }
    },
    // Nobody can read what nobody was told the id of.
    drop() {},
    end() {
      isOver = true
    },
  }

  function nameOf(streamId: string): string {
    return prefix + (streamId === standalone ? listening : streamId)
  }

  async function sealed(id: string): Promise<string> {
    const seal = new Uint8Array(await crypto.subtle.sign('HMAC', await key, encoder.encode(id)))
    const hex = [...seal].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return `${hex}.${encodeURIComponent(id)}`
  }

  async function opened(eventId: string): Promise<string | undefined> {
    const [, hex, encoded] = /^([0-9a-f]{64})\.(.+)$/.exec(eventId) ?? []
    const id = encoded === undefined ? undefined : decoded(encoded)
    if (hex === undefined || id === undefined) return undefined
    const seal = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    const isOurs = await crypto.subtle.verify('HMAC', await key, seal, encoder.encode(id))
    return isOurs ? id : undefined
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
