import { rpcError } from './json-rpc.ts'
import { isAmbiguous } from './tool-scopes.ts'

/** What a POST carried: JSON, or text that is not. */
export type Body =
  | { status: 'json'; value: unknown }
  | { status: 'malformed'; text: string }
  | { status: 'too-large' }
  | { status: 'consumed' }
  | { status: 'broken' }

/** Reads and parses a body, stopping as soon as more than `limit` bytes have arrived. */
export async function readBody(request: Request, limit: number): Promise<Body> {
  if (request.bodyUsed || request.body?.locked) return { status: 'consumed' }
  if (Number(request.headers.get('content-length')) > limit) return { status: 'too-large' }
  const text = request.body ? await readText(request.body, limit) : ''
  if (typeof text !== 'string') return text
  try {
    return { status: 'json', value: JSON.parse(text) }
  } catch {
    return { status: 'malformed', text }
  }
}

/** The answer to a body that no server should see. One that is not JSON is left to the transport. */
export function refusedBody(body: Body, limit: number): Response | undefined {
  switch (body.status) {
    case 'too-large':
      return rpcError(413, -32000, `Payload Too Large: the request body must not exceed ${limit} bytes`)
    case 'consumed':
      return rpcError(
        400,
        -32700,
        'Parse error: the request body was already read on this server. Mount Drawbridge before any body parser.',
      )
    case 'broken':
      return rpcError(400, -32700, 'Parse error: the request body did not arrive whole')
    case 'json':
      return isAmbiguous(body.value)
        ? rpcError(400, -32600, 'Invalid Request: "__proto__" is not a member')
        : undefined
    case 'malformed':
      return undefined
  }
}

async function readText(stream: ReadableStream<Uint8Array>, limit: number): Promise<string | Body> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let received = 0
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      received += value.byteLength
      if (received > limit) {
        await reader.cancel()
        return { status: 'too-large' }
      }
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    // The client went away while sending.
    return { status: 'broken' }
  }
}
