/**
 * Time that passes for `AbortSignal.timeout`, which goes by no clock that a test could move on: so that nobody waits ten
 * seconds for a provider that never answers. Signals end at their real time, or when they are told to.
 */
export interface Timeouts {
  /** Until this signal has aborted. False: nothing bounds it. */
  letPass(signal: AbortSignal | undefined): boolean
}

/** Does this work with `AbortSignal.timeout` in hand. */
export async function withTimeouts<T>(work: (timeouts: Timeouts) => Promise<T>): Promise<T> {
  const real = AbortSignal.timeout
  const running: { signal: AbortSignal; due: number; end: () => void }[] = []
  AbortSignal.timeout = (milliseconds) => {
    const controller = new AbortController()
    const end = () => controller.abort(new DOMException('It took too long.', 'TimeoutError'))
    setTimeout(end, milliseconds).unref()
    running.push({ signal: controller.signal, due: Date.now() + milliseconds, end })
    return controller.signal
  }
  try {
    return await work({
      letPass(signal) {
        const inOrder = running.sort((a, b) => a.due - b.due)
        const own = inOrder.filter((each) => each.signal === signal)
        for (const { end } of own.length > 0 ? own : inOrder) {
          if (!signal || signal.aborted) break
          end()
        }
        return signal?.aborted ?? false
      },
    })
  } finally {
    AbortSignal.timeout = real
  }
}
