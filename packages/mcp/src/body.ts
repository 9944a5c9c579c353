import { limitedBody, type UnreadableBody } from '@drawbridge/core'
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

const noBody =
  'the request has no body. If the client sent one, something in front has taken it: mount drawbridge() before what reads bodies, and let no proxy or redirect drop it'

/** What servers take, too; it also bounds how much a batch makes us say. */
const largestBatch = 100

/**
 * Reads and parses a body (RFC 8259: UTF-8; one byte order mark is passed over), stopping as soon as more than `limit`
 * bytes have arrived.
 */
export async function readMessage(request: Request, limit: number): Promise<Body> {
  const bytes = await limitedBody(request, limit).catch(({ message }: UnreadableBody) => parseError(message))
  if (bytes === undefined) return tooLarge(limit)
  if ('refused' in bytes) return bytes
  if (bytes.length === 0) return parseError(noBody)
  let message: unknown
  try {
    message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return notJson(request)
  }
  if (Array.isArray(message) && message.length > largestBatch) return tooMany()
  const flaw = flawOf(message)
  return flaw === undefined
    ? { message }
    : { message, refused: rpcError(400, -32600, `Invalid Request: ${flaw}`) }
}

/** RFC 9110 8.4: no coding is undone here, and what is packed can only look like nonsense. */
function notJson(request: Request): Refused {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return parseError('the request body is not JSON in UTF-8')
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
