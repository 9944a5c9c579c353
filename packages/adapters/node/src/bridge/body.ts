import type { Readable } from 'node:stream'
import { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { UnreadableBody } from '@drawbridge/core'

/** What is known of a body beside its stream. */
interface Known {
  /** What a body parser made of it. */
  parsed: unknown
  /** Its content type. */
  type: string
  /** What a developer can do who has made it unreadable. */
  advice: string
}

/**
 * The body of a request, also when a body parser has read it already.
 *
 * Nothing is touched before the body is asked for. A request that is not ours goes on with its body whole, and one that
 * is refused unread leaves it to Node to discard the body, so that the connection can be used again.
 */
export function bodyOf(stream: Readable, known: Known): ReadableStream {
  return NodeReadableStream.from(chunks(stream, known)) as ReadableStream
}

async function* chunks(stream: Readable, known: Known): AsyncGenerator<Uint8Array> {
  if (stream.readableDidRead) {
    yield Buffer.from(written(known))
    return
  }
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      // Strings, once somebody has called setEncoding().
      yield typeof chunk === 'string' ? Buffer.from(chunk, stream.readableEncoding ?? 'utf8') : chunk
    }
  } finally {
    stream.resume()
  }
}

/** What a body parser made of the body, as it was on the wire or as good as that. */
function written({ parsed, type, advice }: Known): string | Uint8Array {
  if (parsed === undefined) {
    throw new UnreadableBody(`The request body was read before drawbridge(), and is gone. ${advice}`)
  }
  if (typeof parsed === 'string' || parsed instanceof Uint8Array) return parsed
  if (parsed !== null && /x-www-form-urlencoded/i.test(type)) return form(parsed).toString()
  return json(parsed, advice)
}

function json(parsed: unknown, advice: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(parsed)
  } catch (error) {
    // The stack is full, which took some thousand levels.
    if (error instanceof RangeError) throw new UnreadableBody('The request body is nested too deeply.')
  }
  if (text !== undefined) return text
  throw new UnreadableBody(
    `What was made of the request body before drawbridge() cannot be written as JSON. ${advice}`,
  )
}

/** Repeated parameters stay repeated: which of them may repeat is for the endpoint to decide. */
function form(parsed: object): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(parsed)) {
    for (const each of [value].flat()) {
      // Nested objects come from `name[key]=`, which means nothing to an OAuth endpoint.
      if (typeof each === 'string') parameters.append(name, each)
    }
  }
  return parameters
}
