import type { Clock } from '../clock.ts'
import { Unavailable } from '../errors.ts'
import { detailOf, type Emit } from '../events.ts'

/** Tries once more while it fails; {@link Unavailable} when nothing helps. */
export type Retry = <T>(operation: string, attempt: () => Promise<T>, once?: boolean) => Promise<T>

/** Milliseconds between tries; about two seconds in all, less than any client's patience. */
const retryDelays = [30, 100, 250, 600, 1000]

export function retrying({ clock, emit }: { clock: Clock; emit: Emit }): Retry {
  return async (operation, attempt, once = false) => {
    for (let index = 0; ; index++) {
      try {
        return await attempt()
      } catch (cause) {
        const delay = once ? undefined : retryDelays[index]
        if (delay === undefined) {
          // Whoever allows no other try here makes one elsewhere.
          if (!once) emit({ type: 'storage.unavailable', operation, detail: detailOf(cause) })
          throw new Unavailable(`storage: ${operation} failed`, { cause })
        }
        await clock.sleep(delay)
      }
    }
  }
}
