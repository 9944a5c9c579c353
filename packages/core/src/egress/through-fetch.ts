import { attempt, type Deadline } from './attempt.ts'
import { boundedAnswer, refuseEncoded, requestHeaders } from './bounded-answer.ts'
import { type Egress, EgressFailed } from './egress.ts'
import { fetchable } from './url.ts'

export interface ThroughFetchOptions {
  /** Whether this fetch decompresses, and leaves the header that says so. Then what came out is counted. */
  decompresses?: boolean | undefined
  deadline?: Deadline | undefined
}

/** Over a `fetch` that somebody else keeps off private addresses. All that can be checked before and after it is. */
export function throughFetch(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  { decompresses = false, deadline = AbortSignal.timeout }: ThroughFetchOptions = {},
): Egress {
  return async (text, { headers, maxBytes, timeout }) => {
    const { href } = fetchable(text).url
    // As plain members, since a `fetch` that comes with a proxy may have a `Headers` of its own.
    const asked = Object.fromEntries(requestHeaders(headers))
    const signal = deadline(Math.ceil(timeout * 1000))
    return attempt(signal, async () => {
      // Neither `credentials` nor `cache`: Workers refuse to hear of them, and keep neither.
      const response = await fetch(href, { headers: asked, redirect: 'manual', signal })
      try {
        signal.throwIfAborted()
        if (response.redirected) throw new EgressFailed('redirected')
        if (!decompresses) refuseEncoded(response.headers)
        const { status, headers, body } = response
        return await boundedAnswer({ status, headers, chunks: chunksOf(body, signal) }, maxBytes)
      } finally {
        // Not awaited: what sends the body need not ever hear of it.
        if (response.body && !response.body.locked) response.body.cancel().catch(() => {})
      }
    })
  }
}

async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  const cancel = () => reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
