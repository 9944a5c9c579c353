import { setImmediate as turn } from 'node:timers/promises'
import { type FakeClock, fakeClock } from '@drawbridge/testing'

/** A clock that goes on by itself while everybody who works waits for it. */
export interface DayClock extends FakeClock {
  /** Does this work, and lets the time pass that it sleeps through. */
  during<T>(work: Promise<T>): Promise<T>
}

/** Seconds that pass at once, and turns of the event loop between: what does not sleep is faster than the clock. */
const tick = 0.05
const turns = 4

export function dayClock(): DayClock {
  const clock = fakeClock()
  let asleep = 0
  return {
    ...clock,
    async sleep(milliseconds) {
      asleep++
      await clock.sleep(milliseconds)
      asleep--
    },
    async during(work) {
      let isOver = false
      const watched = work.finally(() => {
        isOver = true
      })
      // Whoever awaits `watched` below hears of its failure.
      watched.catch(() => {})
      while (!isOver) {
        for (let n = 0; n < turns && !isOver; n++) await turn()
        if (asleep > 0 && !isOver) clock.advance(tick)
      }
      return watched
    },
  }
}
