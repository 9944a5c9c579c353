/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after this many milliseconds. */
  sleep(milliseconds: number): Promise<void>
}

/** The time of the system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** The clock's time in whole Unix seconds. */
export function unixTime(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}

/** Gives work up after so many milliseconds of real time; what it may still come to has no effect. */
export async function inTime<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  const signal = AbortSignal.timeout(milliseconds)
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(late()))
  })
  return Promise.race([work, tooLate])
}
