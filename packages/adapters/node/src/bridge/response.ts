import { once } from 'node:events'
import { type ServerResponse, STATUS_CODES, validateHeaderValue } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'

/** An answer as `node:http`, or `node:http2` through its compatibility API, wants it written. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** What says how a connection of HTTP/1 is used; HTTP/2 has none of it (RFC 9113 8.2.2). */
const ofTheConnection = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']

/**
 * Sends a Web response, keeping headers and cookies that were set on `res` before. Settles when all of it was handed to
 * the connection, or the client has gone; the stream behind the body is cancelled then.
 *
 * Rejects with what the body's stream failed with. The connection has been cut by then, because the client would take
 * what it has received for the whole answer; look at `res.headersSent` before answering in its place.
 *
 * @example
 * ```ts
 * await send(res, Response.json({ ok: true }))
 * ```
 */
export async function send(res: NodeResponse, response: Response): Promise<void> {
  // Whichever it is, it is used as the two have it in common.
  const out = res as ServerResponse
  if (hasGone(res)) return response.body?.cancel()
  const reader = response.body?.getReader()
  try {
    writeHead(out, response)
    if (reader && out.req.method === 'HEAD') await reader.cancel()
    else if (reader) await pass(reader, out)
    out.end()
  } catch (error) {
    // What was sent would be taken for the whole answer.
    if (out.headersSent) out.destroy()
    reader?.cancel().catch(() => {})
    throw error
  }
}

function writeHead(out: ServerResponse, response: Response): void {
  const { status, statusText, headers } = response
  const http2 = out.req.httpVersionMajor > 1
  const others = [...headers].filter(
    ([name]) => name !== 'set-cookie' && !(http2 && ofTheConnection.includes(name)),
  )
  // Before the first is set: what answers in place of this one would send it along.
  for (const [name, value] of headers) validateHeaderValue(name, value)
  for (const [name, value] of others) out.setHeader(name, value)
  // One response's cookies would replace those set before, such as a session's.
  const earlier = [out.getHeader('set-cookie') ?? []].flat().map(String)
  const cookies = [...headers.getSetCookie(), ...earlier]
  if (cookies.length > 0) out.setHeader('set-cookie', cookies)
  // HTTP/2 has no reason phrase, and Node warns of one.
  if (http2) out.writeHead(status)
  else out.writeHead(status, statusText || STATUS_CODES[status])
  // The client of an event stream waits for the headers, and the first event may be long in coming.
  if (headers.get('content-type')?.startsWith('text/event-stream')) out.flushHeaders()
}

/** Reads no faster than the client does. */
async function pass(reader: ReadableStreamDefaultReader<Uint8Array>, out: ServerResponse): Promise<void> {
  const closed = new AbortController()
  const gone = () => {
    closed.abort()
    reader.cancel().catch(() => {})
  }
  out.once('close', gone)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || closed.signal.aborted) return
      if (!out.write(value)) await once(out, 'drain', { signal: closed.signal }).catch(() => {})
    }
  } finally {
    out.off('close', gone)
  }
}

/** Whether no answer can arrive any more. */
function hasGone(res: NodeResponse): boolean {
  return 'stream' in res ? res.stream.destroyed : res.destroyed
}

/** Whether a closed answer was complete. Those of HTTP/2 emit `finish`, and are ended, also when they were cut. */
export function arrivedWhole(res: NodeResponse): boolean {
  if (!('stream' in res)) return res.writableFinished
  const { writableFinished, aborted, rstCode } = res.stream
  return writableFinished && !aborted && rstCode === 0
}
