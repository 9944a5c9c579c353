import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server that can be closed without cutting anybody off. */
export interface Drainable {
  /** @param end ends what does not end by itself: streams, sessions, and what is under way when `seconds` are over */
  close(seconds: number, end: () => Promise<void>): Promise<void>
  /** From now on nobody is waited for. */
  hurry(): void
}

/** How long streams have to end once they were told, in milliseconds. */
const lastWords = 1000

/** Has `handler` answer the requests of a server until it is closed. */
export function drainable(server: Server, handler: RequestListener): Drainable {
  const open = new Map<ServerResponse, IncomingMessage>()
  const hurried = new AbortController()
  let closing = false
  let left = () => {}

  server.on('request', (req, res) => {
    if (closing) return refuse(res)
    open.set(res, req)
    res.once('close', () => {
      open.delete(res)
      left()
    })
    handler(req, res)
  })
  return { close, hurry: () => hurried.abort() }

  async function close(seconds: number, end: () => Promise<void>): Promise<void> {
    closing = true
    const closed = once(server, 'close')
    server.close()
    await within(
      seconds * 1000,
      until(() => [...open].every(isListening)),
    )
    try {
      await within(
        lastWords,
        end().then(() => until(() => open.size === 0)),
      )
    } finally {
      server.closeAllConnections()
      await closed
    }
  }

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      left = () => {
        if (condition()) resolve()
      }
      left()
    })
  }

  async function within(milliseconds: number, work: Promise<void>): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, hurried.signal])
    const late = sleep(milliseconds, undefined, { signal }).catch(() => {})
    await Promise.race([work, late]).finally(() => over.abort())
  }
}

/** Whether it is a stream that a client listens to for as long as it is there. */
function isListening([res, req]: [ServerResponse, IncomingMessage]): boolean {
  const type = res.getHeader('content-type')
  return req.method === 'GET' && typeof type === 'string' && type.startsWith('text/event-stream')
}

function refuse(res: ServerResponse): void {
  res.writeHead(503, { connection: 'close', 'retry-after': '2', 'content-type': 'text/plain' })
  res.end('Shutting down')
}
