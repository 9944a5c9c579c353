import { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { UnreadableBody } from '@drawbridge/core'
import type { Request } from 'express'

/**
 * The body of a request, also when a body parser has turned it into `req.body` already.
 *
 * Nothing is touched before the body is asked for. A path that is not ours goes on with its body whole, and a request
 * refused unread leaves it to Node to discard the body, so that the connection can be used again.
 */
export function bodyOf(req: Request): ReadableStream {
  return NodeReadableStream.from(chunks(req)) as ReadableStream
}

async function* chunks(req: Request): AsyncGenerator<Uint8Array> {
  if (req.readableDidRead) {
    yield Buffer.from(parsedBody(req))
    return
  }
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      // Strings, once somebody has called req.setEncoding().
      yield typeof chunk === 'string' ? Buffer.from(chunk, req.readableEncoding ?? 'utf8') : chunk
    }
  } finally {
    req.resume()
  }
}

/** What a body parser made of the body, as it was on the wire or as good as that. */
function parsedBody(req: Request): string | Uint8Array {
  const { body } = req
  if (body === undefined) {
    throw new UnreadableBody(
      'The request body was read before drawbridge() and is not in req.body. Mount drawbridge() first, or read the body with express.json() and express.urlencoded().',
    )
  }
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (body !== null && /x-www-form-urlencoded/i.test(req.headers['content-type'] ?? '')) {
    return form(body).toString()
  }
  return json(body)
}

function json(body: unknown): string {
  let written: string | undefined
  try {
    written = JSON.stringify(body)
  } catch (error) {
    // The stack is full, which took some thousand levels.
    if (error instanceof RangeError) throw new UnreadableBody('The request body is nested too deeply.')
  }
  if (written !== undefined) return written
  throw new UnreadableBody(
    'What an earlier handler left in req.body cannot be written as JSON. Mount drawbridge() first, or leave req.body as express.json() made it.',
  )
}

/** Repeated parameters stay repeated: which of them may repeat is for the endpoint to decide. */
function form(body: object): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) {
    for (const each of [value].flat()) {
      // Nested objects come from `name[key]=`, which means nothing to an OAuth endpoint.
      if (typeof each === 'string') parameters.append(name, each)
    }
  }
  return parameters
}
