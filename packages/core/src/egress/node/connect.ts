import type { IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import { checkServerIdentity } from 'node:tls'
import { type Connect, NoConnection } from '../guarded.ts'

/**
 * A request whose host is the address itself, so that there is no name left that anything below could resolve again. That
 * holds on runtimes too that know `node:https` and not each of its options. The name is in the Host header and in TLS.
 *
 * @param dial Default: the request of `node:https`. Tests send it to a server of theirs.
 */
export function httpsConnection(
  dial: (options: RequestOptions) => ReturnType<typeof request> = request,
): Connect {
  return ({ address, port, certifiedFor, path, headers }, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = dial({
        host: address,
        port,
        path,
        method: 'GET',
        headers: Object.fromEntries(headers),
        // No name of an address goes into TLS (RFC 6066 3).
        servername: certifiedFor === address ? '' : certifiedFor,
        checkServerIdentity: (_, certificate) => checkServerIdentity(certifiedFor, certificate),
        // Said so, because an environment variable is the default.
        rejectUnauthorized: true,
        // Its own: no connection, session or proxy of anybody else, and none left behind.
        agent: new Agent({ keepAlive: false, maxCachedSessions: 0 }),
      })
      const destroy = () => outgoing.destroy()
      if (signal.aborted) destroy()
      signal.addEventListener('abort', destroy, { once: true })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.syscall === 'connect' ? new NoConnection('', { cause: error }) : error)
      })
      outgoing.on('close', () => {
        signal.removeEventListener('abort', destroy)
        reject(new Error('The connection ended without an answer'))
      })
      outgoing.on('response', (incoming) => {
        incoming.on('error', () => {})
        resolve({
          status: incoming.statusCode ?? 0,
          headers: headersOf(incoming),
          chunks: incoming,
          close: destroy,
        })
      })
      outgoing.end()
    })
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}
