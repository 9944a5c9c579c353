import type { Dispatcher, Incoming } from './channel.ts'
import { rpcError } from './json-rpc.ts'
import type { Timers } from './timers.ts'

/**
 * Serves so many requests at one time, and waits for an answer, or for the beginning of a stream, no longer than so long. A
 * place is free again when the answer has ended or its client has left; a tool that goes on working then is not seen.
 *
 * @param limits.concurrent beyond it the answer is 503 with `Retry-After`
 * @param limits.seconds beyond it the work is told to stop, and the answer is 503
 */
export function bounded<User>(
  inner: Dispatcher<User>,
  { concurrent, seconds }: { concurrent: number; seconds: number },
  time: Timers,
): Dispatcher<User> {
  let taken = 0

  function place(signal: AbortSignal): () => void {
    let isTaken = true
    taken += 1
    const free = () => {
      signal.removeEventListener('abort', free)
      if (isTaken) taken -= 1
      isTaken = false
    }
    signal.addEventListener('abort', free)
    if (signal.aborted) free()
    return free
  }

  return {
    async serve(incoming: Incoming<User>) {
      if (taken >= concurrent) return { response: full(), done() {} }
      const free = place(incoming.signal)
      const late = new AbortController()
      incoming.signal = AbortSignal.any([incoming.signal, late.signal])
      const serving = inner.serve(incoming)
      let cancelTimer = () => {}
      const over = new Promise<undefined>((resolve) => {
        cancelTimer = time.after(seconds * 1000, () => resolve(undefined))
      })
      try {
        const served = await Promise.race([serving, over])
        if (served) {
          const done = () => {
            free()
            served.done()
          }
          return { response: served.response, done }
        }
        late.abort()
        void abandoned(serving)
        return { response: tooLong(seconds), done: free }
      } catch (error) {
        free()
        throw error
      } finally {
        cancelTimer()
      }
    },
    close: () => inner.close(),
  }
}

/** Whatever still comes of it is for nobody. */
async function abandoned(serving: ReturnType<Dispatcher<never>['serve']>): Promise<void> {
  try {
    const { response, done } = await serving
    done()
    await response.body?.cancel()
  } catch {
    // Told to stop, it may well fail.
  }
}

function full(): Response {
  const text = 'Too many requests without a sign-in are under way. Try again shortly, or sign in.'
  return rpcError(503, -32000, text, { 'retry-after': '5' })
}

function tooLong(seconds: number): Response {
  const text = `Without a sign-in, an answer may take at most ${seconds} seconds. Sign in, and send it again.`
  return rpcError(503, -32000, text, { 'retry-after': '5' })
}
