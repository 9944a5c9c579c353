import { requestIds } from './json-rpc.ts'
import type { Timers } from './timers.ts'

/** How often an open stream asks whether its grant still stands, in milliseconds. */
const checkEvery = 60_000

/**
 * How long a stream lives at least, in milliseconds: a verifier may accept a token just past its end (clock
 * tolerance), and such a request should still get its answer.
 */
const shortest = 10_000

interface StreamLimits {
  /** Unix seconds: the token's end, or how long somebody without one is served. */
  expiresAt: number
  /** There is no token. */
  isAnonymous?: boolean | undefined
  /** Whether access still stands. Throwing means "cannot tell now", and the stream stays open. */
  revalidate(): Promise<boolean>
  /** Aborts when the client is gone. */
  signal: AbortSignal
  time: Timers
  /** The body of the POST this stream answers, if any. */
  message: unknown
}

/** Passes a stream on until it ends, its reader leaves, its token expires or its grant ends. Then calls `done`, once. */
export function limitedStream(
  source: ReadableStream<Uint8Array>,
  limits: StreamLimits,
  done: () => void,
): ReadableStream<Uint8Array> {
  const { time, signal } = limits
  const reader = source.getReader()
  const closesAt = Math.max(limits.expiresAt * 1000, time.now() + shortest)
  let open = true
  let checking = false
  let cancelTimer = () => {}
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined

  const stream = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created
    },
    async pull() {
      try {
        const chunk = await reader.read()
        if (!open) return
        if (!chunk.done) return controller?.enqueue(chunk.value)
        controller?.close()
        finish()
      } catch (error) {
        if (!open) return
        controller?.error(error)
        finish()
      }
    },
    cancel(reason) {
      finish()
      return reader.cancel(reason)
    },
  })
  signal.addEventListener('abort', abandon)
  if (signal.aborted) abandon()
  else watch()
  return stream

  function watch(): void {
    const remaining = closesAt - time.now()
    if (remaining <= 0) {
      cut('expired')
      return
    }
    cancelTimer = time.after(Math.min(checkEvery, remaining), () => {
      // Not awaited: a store that hangs must not keep the stream open past the token's end.
      void check()
      if (open) watch()
    })
  }

  async function check(): Promise<void> {
    if (checking || time.now() >= closesAt) return
    checking = true
    try {
      if (!(await limits.revalidate())) cut('revoked')
    } catch {
      // An outage decides nothing; the token's end still does.
    } finally {
      checking = false
    }
  }

  function cut(reason: 'expired' | 'revoked'): void {
    if (!open) return
    const words = lastWords(limits.message, limits.isAnonymous ? 'anonymous' : reason)
    if (words) controller?.enqueue(new TextEncoder().encode(words))
    abandon()
  }

  function abandon(): void {
    if (!open) return
    controller?.close()
    finish()
    reader.cancel().catch(() => {})
  }

  function finish(): void {
    open = false
    cancelTimer()
    signal.removeEventListener('abort', abandon)
    done()
  }
}

const farewells = {
  expired: 'The access token expired before this request was answered. Send it again with a fresh one.',
  revoked: 'Access was revoked before this request was answered.',
  anonymous: 'Without a sign-in, no answer takes longer than this. Sign in, and send it again.',
}

/** An error for each request, so that nobody waits for an answer that will not come. */
function lastWords(message: unknown, reason: keyof typeof farewells): string {
  const text = farewells[reason]
  return requestIds(message)
    .map((id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: text } }))
    .map((error) => `event: message\ndata: ${error}\n\n`)
    .join('')
}
