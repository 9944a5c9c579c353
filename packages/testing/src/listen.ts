import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Anything that answers a Web request: a development provider, an `auth.handle`, an application's `fetch`. */
export type Handler = (request: Request) => Promise<Response> | Response

export interface Listener {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string
  /** Stops listening and cuts open connections. */
  close(): Promise<void>
}

/**
 * Puts a handler on a real port of the loopback interface. A handler that throws looks like a connection that was
 * reset, which is how an unreachable provider looks from outside.
 *
 * @param port Default: any free one.
 * @example
 * ```ts
 * const { url, close } = await listen(() => new Response('hello'))
 * ```
 */
export async function listen(handler: Handler, port = 0): Promise<Listener> {
  let url = ''
  const server = createServer((incoming, outgoing) => {
    answer(handler, url, incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(handler: Handler, base: string, incoming: IncomingMessage, outgoing: ServerResponse) {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const method = incoming.method ?? 'GET'
  const request = new Request(base + incoming.url, {
    method,
    headers: headersOf(incoming),
    signal: gone.signal,
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) }),
  })
  const response = await handler(request)
  const body = Buffer.from(await response.arrayBuffer())
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value)
  }
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
  outgoing.writeHead(response.status)
  outgoing.end(body)
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}
