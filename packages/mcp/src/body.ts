import { flawOf } from './flaw.ts'
import { rpcError } from './json-rpc.ts'

/**
 * What a POST carried. `message` was parsed here, once, for the gate and for whatever serves it: a second parser could
 * come to something else. `refused` is the answer to what no server may see; its `message` is there when it could be
 * parsed, to say which request was refused.
 */
export type Body = { message: unknown; refused?: undefined } | Refused

interface Refused {
  message?: unknown
  refused: Response
}

/** What servers take, too; it also bounds how much a batch makes us say. */
const largestBatch = 100

/**
 * Reads and parses a body (RFC 8259: UTF-8; one byte order mark is passed over), stopping as soon as more than `limit`
 * bytes have arrived.
 */
export async function readMessage(request: Request, limit: number): Promise<Body> {
  if (request.bodyUsed || request.body?.locked) {
    return parseError(
      'the request body was already read on this server. Mount Drawbridge before any body parser.',
    )
  }
  if (Number(request.headers.get('content-length')) > limit) return tooLarge(limit)
  const text = request.body ? await readText(request.body, limit) : ''
  if (typeof text === 'object') return text
  if (text === undefined) return notJson(request)
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return notJson(request)
  }
  if (Array.isArray(message) && message.length > largestBatch) return tooMany()
  const flaw = flawOf(message)
  return flaw === undefined
    ? { message }
    : { message, refused: rpcError(400, -32600, `Invalid Request: ${flaw}`) }
}

/** `undefined` for what is not UTF-8. */
async function readText(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<string | Refused | undefined> {
  const reader = stream.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let received = 0
  let text = ''
  try {
    for (;;) {
      const chunk = await reader.read().catch(unreadable)
      if ('refused' in chunk) return chunk
      if (chunk.done) return text + decoder.decode()
      received += chunk.value.byteLength
      if (received > limit) return tooLarge(limit)
      text += decoder.decode(chunk.value, { stream: true })
    }
  } catch {
    return undefined
  } finally {
    // Not awaited: what sends the body need not ever hear of it.
    reader.cancel().catch(() => {})
  }
}

/** By name and not `instanceof`: two copies of core may be installed side by side. */
function unreadable(error: unknown): Refused {
  if (error instanceof Error && error.name === 'UnreadableBody') return parseError(error.message)
  // The client went away while sending.
  return parseError('the request body did not arrive whole')
}

/** RFC 9110 8.4: no coding is undone here, and what is packed can only look like nonsense. */
function notJson(request: Request): Refused {
  const coding = request.headers.get('content-encoding')
  if (coding === null || /^\s*(identity)?\s*$/i.test(coding))
    return parseError('the request body is not JSON in UTF-8')
  const refused = rpcError(415, -32700, 'Parse error: a Content-Encoding is not understood here', {
    'accept-encoding': 'identity',
  })
  return { refused }
}

function parseError(what: string): Refused {
  return { refused: rpcError(400, -32700, `Parse error: ${what}`) }
}

function tooLarge(limit: number): Refused {
  const refused = rpcError(413, -32000, `Payload Too Large: the request body must not exceed ${limit} bytes`)
  return { refused }
}

function tooMany(): Refused {
  return { refused: rpcError(400, -32600, `Invalid Request: a batch has at most ${largestBatch} messages`) }
}
