import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** Sends one request and follows nothing. The global `fetch` fits, and so does a `network` inside the process. */
export type Send = (request: Request) => Promise<Response>

/**
 * Over the network, with exactly the headers of the request: `fetch` would replace `Sec-Fetch-Mode`, which a browser
 * must be able to say.
 */
export const overNetwork: Send = async (request) => {
  const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined
  return new Promise((resolve, reject) => {
    const send = request.url.startsWith('https:') ? httpsRequest : httpRequest
    const outgoing = send(
      request.url,
      {
        method: request.method,
        headers: {
          ...Object.fromEntries(request.headers),
          ...(body && { 'content-length': String(body.length) }),
        },
        signal: request.signal,
        // A pooled connection would keep the server of a finished test from closing.
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const status = incoming.statusCode ?? 0
          const headers = new Headers()
          for (const [name, values] of Object.entries(incoming.headersDistinct)) {
            for (const value of values ?? []) headers.append(name, value)
          }
          const empty = status === 204 || status === 205 || status === 304
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers }))
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
