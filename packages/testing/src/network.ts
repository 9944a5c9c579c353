import type { Handler } from './listen.ts'

/** `fetch` for servers that live in this process. */
export type Network = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * An internet inside the process: requests go to the handler of their origin, and to nobody else. Origins may be
 * https, so that `__Host-` cookies and everything else that depends on it is exercised without certificates.
 *
 * @param hosts Handlers by origin.
 * @example
 * ```ts
 * const provider = devGitHub()
 * const fetch = network({ 'https://github.test': provider.fetch })
 * const response = await fetch('https://github.test/user')
 * ```
 */
export function network(hosts: Readonly<Record<string, Handler>>): Network {
  return async (input, init) => {
    const request = new Request(input, init)
    const handler = hosts[new URL(request.url).origin]
    if (!handler) throw new TypeError(`fetch failed: nobody answers at ${new URL(request.url).origin}`)
    return handler(request)
  }
}
