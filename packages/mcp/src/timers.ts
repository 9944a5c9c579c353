import type { Clock } from '@drawbridge/core'

/** Time, and timers that can be called off and keep no process alive. */
export interface Timers {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `then` after this many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, then: () => void): () => void
}

/** The runtime's timers, or a test's clock. */
export function timers(clock: Clock | undefined): Timers {
  return clock ? onClock(clock) : { now: () => Date.now(), after: afterRealTime }
}

/** `setTimeout` takes anything longer for a millisecond. */
const longest = 2 ** 31 - 1

function afterRealTime(milliseconds: number, then: () => void): () => void {
  let timer: unknown
  const wait = (left: number) => {
    timer = setTimeout(() => (left > longest ? wait(left - longest) : then()), Math.min(left, longest))
    // Elsewhere than in Node a timer is a number, and nothing waits for it.
    if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
  }
  wait(milliseconds)
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
}

function onClock(clock: Clock): Timers {
  return {
    now: () => clock.now(),
    after(milliseconds, then) {
      let due = true
      void clock.sleep(milliseconds).then(() => {
        if (due) then()
      })
      return () => {
        due = false
      }
    },
  }
}
