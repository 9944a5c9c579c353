import type { Readable } from 'node:stream'
import { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { UnreadableBody } from '@drawbridge/core'
import { createHeaders } from '@remix-run/node-fetch-server'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The request as the Fetch standard knows it. */
export function toRequest(request: FastifyRequest, reply: FastifyReply, body?: Readable): Request {
  const { method } = request
  const headers = createHeaders(request.raw)
  // HTTP/2 has another name for it, but who guards against DNS rebinding looks at `Host`.
  const { ':authority': authority } = request.raw.headers
  if (typeof authority === 'string' && !headers.has('host')) headers.set('host', authority)
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers,
    signal: disconnection(reply),
  }
  if (body && method !== 'GET' && method !== 'HEAD') {
    init.body = NodeReadableStream.from(chunks(body)) as ReadableStream
    init.duplex = 'half'
  }
  if (method !== 'TRACE') return new Request(urlOf(request.url), init)
  // `Request` refuses TRACE, but what answers it is not for an adapter to decide.
  return Object.defineProperty(new Request(urlOf(request.url), { ...init, method: 'GET' }), 'method', {
    value: method,
  })
}

/**
 * Read when asked for and not before: a request refused unread leaves it to Node to discard the body, so that the
 * connection can be used again.
 */
async function* chunks(body: Readable): AsyncGenerator<Uint8Array> {
  if (body.readableDidRead) {
    throw new UnreadableBody(
      'The request body was read by a hook before drawbridge(). Let hooks leave the bodies of these routes alone, or return a new stream from a preParsing hook.',
    )
  }
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      // Strings, once somebody has called setEncoding().
      yield typeof chunk === 'string' ? Buffer.from(chunk, body.readableEncoding ?? 'utf8') : chunk
    }
  } finally {
    body.resume()
  }
}

/** The host is a fixed one: nobody takes it from here, and `Host` may hold what is none. */
function urlOf(target: string): string {
  const absolute = target.startsWith('/') ? null : URL.parse(target)
  const path = absolute ? absolute.pathname + absolute.search : target
  return `http://localhost${path.startsWith('/') ? '' : '/'}${path}`
}

/** Aborts when the client has gone before its answer was complete. */
function disconnection({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}
