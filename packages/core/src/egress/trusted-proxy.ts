import { ConfigurationError } from '../errors.ts'
import type { Egress } from './egress.ts'
import { throughFetch } from './through-fetch.ts'

/**
 * For networks in which only a proxy reaches the internet. The proxy resolves names, so the proxy has to keep private
 * addresses out of reach: Drawbridge cannot see where a name leads. What it can see it still checks: the URL, addresses
 * in it, redirects, size and time.
 *
 * @param options.fetch Goes through the proxy, and does not follow a redirect when told `redirect: 'manual'`.
 * @throws {ConfigurationError} without a function
 * @example
 * // Started with NODE_USE_ENV_PROXY=1 and HTTPS_PROXY, from Node 22.21 and 24 on
 * const egress = trustedProxy({ fetch })
 */
export function trustedProxy(options: {
  fetch: (url: string, init: RequestInit) => Promise<Response>
}): Egress {
  if (typeof options?.fetch !== 'function') {
    throw new ConfigurationError(
      'trustedProxy.fetch',
      'is no function',
      'Pass a fetch that goes through the proxy: `trustedProxy({ fetch })`.',
    )
  }
  return throughFetch(options.fetch)
}
