import type { Clock } from '../clock.ts'
import type { Call } from './provider.ts'

/** How long a provider may take to answer, in milliseconds. */
export const upstreamTimeout = 10_000

/**
 * `fetch` for talking to a provider: bounded in time, never following a redirect, and with a name of its own.
 *
 * @param fetchFunction Default: the global one, looked up at each call so that instrumentation installed later is seen.
 * @param timeout Milliseconds for everything, the body included.
 * @example
 * const call = upstreamCall(options.fetch, clock, 5000)
 */
export function upstreamCall(
  fetchFunction: typeof fetch | undefined,
  clock: Clock,
  timeout: number = upstreamTimeout,
): Call {
  const call = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (!headers.has('user-agent')) headers.set('user-agent', 'drawbridge')
    return (fetchFunction ?? fetch)(url, {
      ...init,
      headers,
      redirect: 'manual',
      signal: init.signal ?? AbortSignal.timeout(timeout),
    })
  }
  return Object.assign(call, { clock })
}
