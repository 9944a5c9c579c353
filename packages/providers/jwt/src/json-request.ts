/** A JSON document that was fetched, or why there is none. Reasons are for the operator. */
export type JsonAnswer =
  | { status: 'ok'; text: string; body: unknown }
  | { status: 'failed'; reason: string; code?: number }

export interface JsonRequestOptions {
  /** Default: the global `fetch`, looked up at each call so that instrumentation installed later is seen. */
  fetch?: typeof fetch | undefined
  /** Seconds for everything, the body included. */
  timeout: number
}

export type JsonRequest = (url: string, init?: RequestInit) => Promise<JsonAnswer>

const maximumBytes = 256 * 1024

/**
 * Fetches small JSON documents from servers that may be slow, down or misled: bounded in time and size, following no
 * redirect, throwing nothing.
 */
export function jsonRequest({ fetch: given, timeout }: JsonRequestOptions): JsonRequest {
  return async (url, init = {}) => {
    const { host } = new URL(url)
    const failed = (what: string, code?: number): JsonAnswer => ({
      status: 'failed',
      reason: `${host} ${what}`,
      ...(code !== undefined && { code }),
    })
    const signal = AbortSignal.timeout(timeout * 1000)
    const headers = new Headers(init.headers)
    headers.set('accept', 'application/json')
    headers.set('user-agent', 'drawbridge')
    try {
      // `manual`, since `error` is not there on every runtime; a redirect's status is refused below.
      const response = await (given ?? fetch)(url, { ...init, headers, signal, redirect: 'manual' })
      if (response.status !== 200) {
        await response.body?.cancel().catch(() => {})
        return failed(`answered ${response.status}`, response.status)
      }
      const text = await limitedText(response)
      if (text === undefined) return failed(`sent more than ${maximumBytes} bytes`)
      try {
        return { status: 'ok', text, body: JSON.parse(text) }
      } catch {
        return failed('did not send JSON', 200)
      }
    } catch {
      return failed(signal.aborted ? `did not answer within ${timeout} s` : 'could not be reached')
    }
  }
}

/** The body, counted while it arrives: a length header may lie. */
async function limitedText(response: Response): Promise<string | undefined> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  // A reader instead of `for await`, which not every runtime's streams have.
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > maximumBytes) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}
