import type { Clock } from '../clock.ts'

/** Milliseconds that may pass until an instance sees what another one wrote. */
export const freshFor = 1000
/** Seconds that an instance goes on with what it knows while it cannot read this one record. */
const longestBlind = 900
/** Milliseconds between tries meanwhile, which take a while. */
const blindFor = 10_000

/** A record as this instance last read it, which it does once for all who wait. */
export interface Remembered<T> {
  /** As it was some minutes ago at the most, and for as long as the store is out. */
  current(): Promise<T>
  /** As it was a second ago at the most. Where it cannot be read alone, as it was a quarter of an hour ago. */
  fresh(): Promise<T>
  read(): Promise<T>
  isReading(): boolean
  /** Keeps what the work resolves to, which it has written. */
  replace(work: () => Promise<T>): Promise<T>
}

export function remembered<T>(dependencies: {
  clock: Clock
  /** Seconds. */
  rereadAfter: number
  read(): Promise<T>
}): Remembered<T> {
  const { clock, rereadAfter } = dependencies
  let cached: { value: T; readAt: number; turn: number } | undefined
  let reading: Promise<T> | undefined
  let blindUntil = 0
  let turns = 0

  /** What was read before something was written is not kept in its place, and nobody is given it. */
  function keep(value: T, readAt: number, turn: number): T {
    if (!cached || turn > cached.turn) cached = { value, readAt, turn }
    return cached.value
  }

  async function readNow(): Promise<T> {
    const readAt = clock.now()
    const turn = ++turns
    return keep(await dependencies.read(), readAt, turn)
  }

  function read(): Promise<T> {
    reading ??= readNow().finally(() => {
      reading = undefined
    })
    return reading
  }

  /** Milliseconds; a clock that was set back says nothing. */
  function age(): number {
    const passed = cached ? clock.now() - cached.readAt : Number.POSITIVE_INFINITY
    return passed < 0 ? Number.POSITIVE_INFINITY : passed
  }

  return {
    read,
    isReading: () => reading !== undefined,

    async current() {
      if (!cached) return read()
      if (age() < rereadAfter * 1000) return cached.value
      // Keys we already know keep working through an outage of the store.
      return read().catch(() => cached?.value ?? read())
    },

    async fresh() {
      const since = clock.now() - freshFor
      // What somebody else is reading may have been read before that.
      for (let tries = 0; tries < 3; tries++) {
        if (cached && cached.readAt >= since && age() < Number.POSITIVE_INFINITY) return cached.value
        if (cached && clock.now() < blindUntil && age() < longestBlind * 1000) return cached.value
        try {
          await read()
        } catch (error) {
          if (!cached || age() >= longestBlind * 1000) throw error
          blindUntil = clock.now() + blindFor
        }
      }
      return cached?.value ?? read()
    },

    async replace(work) {
      const readAt = clock.now()
      const value = await work()
      return keep(value, readAt, ++turns)
    },
  }
}
