import type { Clock } from '@drawbridge/core/storage'

/** A clock that stands still until told otherwise. */
export interface FakeClock extends Clock {
  /** Moves the time forward by this many seconds and wakes every `sleep` that has thereby ended. */
  advance(seconds: number): void
  /** Whether any `sleep` has not ended yet: somebody may be waiting for the time to pass. */
  isAwaited(): boolean
}

/**
 * Time for tests, which passes only when the test says so.
 *
 * `sleep` resolves once `advance` has moved the time to its end or beyond; a sleep of zero resolves at once. Sleepers
 * wake in the order of their ends, and all see the time that `advance` arrived at. Code that sleeps again after waking
 * counts from there, so it needs another `advance`.
 *
 * @param start a date, or milliseconds since the Unix epoch. Default: the present, rounded down to a whole second, so
 *   that what is signed with this clock also passes checks that go by the real one.
 * @throws {RangeError} when `start` is not a date, or when told to go back
 * @example
 * ```ts
 * const clock = fakeClock()
 * const storage = memory({ clock })
 * clock.advance(3600)
 * ```
 */
export function fakeClock(start: Date | number = Math.floor(Date.now() / 1000) * 1000): FakeClock {
  let now = Number(start)
  if (!Number.isFinite(now)) throw new RangeError(`fakeClock: ${start} is not a time`)
  let sleepers: { until: number; wake: () => void }[] = []
  return {
    now: () => now,
    isAwaited: () => sleepers.length > 0,
    sleep(milliseconds) {
      if (milliseconds <= 0) return Promise.resolve()
      return new Promise((wake) => {
        sleepers.push({ until: now + milliseconds, wake })
      })
    },
    advance(seconds) {
      if (!(seconds >= 0)) throw new RangeError(`fakeClock: cannot advance by ${seconds} seconds`)
      now += seconds * 1000
      const due = sleepers.filter((sleeper) => sleeper.until <= now).sort((a, b) => a.until - b.until)
      sleepers = sleepers.filter((sleeper) => sleeper.until > now)
      for (const sleeper of due) sleeper.wake()
    },
  }
}
