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
  /** How often a comment says that the stream is alive; 0: never. Default 15. */
  keepAliveSeconds?: number | undefined
  /** Hears that the stream was cut, and can be resumed. */
  onCut?: (() => void) | undefined
}

const comment = new TextEncoder().encode(': keep-alive\n\n')

/** Longer than anybody waits, and short enough for a timer. */
const longestWait = 86_400_000

/**
 * Passes a stream on until it ends, its reader leaves, its token expires or its grant ends. Then calls `done`, once. Where
 * nothing is to be said, a comment is. Each chunk of the source holds whole events.
 */
export function limitedStream(
  source: ReadableStream<Uint8Array>,
  limits: StreamLimits,
  done: () => void,
): ReadableStream<Uint8Array> {
  const { time, signal, keepAliveSeconds = 15 } = limits
  const reader = source.getReader()
  const soonest = time.now() + shortest
  const closesAt = () => Math.max(limits.expiresAt * 1000, soonest)
  let open = true
  let checking = false
  let cancelTimer = () => {}
  let cancelComment = () => {}
  /** Whether the client knows of an event, and can come back to it. */
  let isResumable = false
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined

  const stream = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created
    },
    async pull() {
      try {
        const chunk = await reader.read()
        if (!open) return
        if (!chunk.done) {
          isResumable ||= hasId(chunk.value)
          return controller?.enqueue(chunk.value)
        }
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
  else {
    watch()
    keepAlive()
  }
  return stream

  function keepAlive(): void {
    if (!open || keepAliveSeconds === 0) return
    cancelComment = time.after(Math.min(keepAliveSeconds * 1000, longestWait), () => {
      // Who does not read has no use for it.
      if (open && (controller?.desiredSize ?? 0) > 0) controller?.enqueue(comment)
      keepAlive()
    })
  }

  function watch(): void {
    const remaining = closesAt() - time.now()
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
    if (checking || time.now() >= closesAt()) return
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
    // An error would be the answer to a request whose true answer can still be fetched.
    if (reason === 'expired' && isResumable) limits.onCut?.()
    const isLost = reason === 'revoked' || !isResumable
    const words = isLost ? lastWords(limits.message, limits.isAnonymous ? 'anonymous' : reason) : ''
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
    cancelComment()
    signal.removeEventListener('abort', abandon)
    done()
  }
}

const farewells = {
  expired: 'The access token expired before this request was answered. Send it again with a fresh one.',
  revoked: 'Access was revoked before this request was answered.',
  anonymous: 'Without a sign-in, no answer takes longer than this. Sign in, and send it again.',
}

/** An event with an id; that is where the SDKs write it. */
function hasId(chunk: Uint8Array): boolean {
  return /^id: ?\S/m.test(new TextDecoder().decode(chunk.subarray(0, 100)))
}

/** An error for each request, so that nobody waits for an answer that will not come. */
function lastWords(message: unknown, reason: keyof typeof farewells): string {
  const text = farewells[reason]
  return requestIds(message)
    .map((id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: text } }))
    .map((error) => `event: message\ndata: ${error}\n\n`)
    .join('')
}
