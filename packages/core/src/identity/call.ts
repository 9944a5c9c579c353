import type { Clock } from '../clock.ts'
import type { Call } from './provider.ts'

/** How long a provider may take to answer, in milliseconds. */
export const upstreamTimeout = 10_000

/** `fetch` for talking to a provider: bounded in time, never following a redirect, and with a name of its own. */
export function upstreamCall(fetchFunction: typeof fetch, clock: Clock): Call {
  const call = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (!headers.has('user-agent')) headers.set('user-agent', 'drawbridge')
    return fetchFunction(url, {
      ...init,
      headers,
      redirect: 'manual',
      signal: init.signal ?? AbortSignal.timeout(upstreamTimeout),
    })
  }
  return Object.assign(call, { clock })
}
