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

function afterRealTime(milliseconds: number, then: () => void): () => void {
  const timer: unknown = setTimeout(then, milliseconds)
  // Elsewhere than in Node a timer is a number, and nothing waits for it.
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
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
