import { setTimeout } from 'node:timers/promises'

/** SQLITE_BUSY, of which there are several extended forms. */
export const busy = 5

/** SQLite's primary result code, when the error is one of its own. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

/**
 * Tries again while another process holds the lock, for up to this many seconds.
 *
 * The pauses are random, so that processes do not keep meeting, and of real time, whatever clock the store has:
 * the other process holds its lock in real time.
 */
export async function untilUnlocked<T>(seconds: number, operation: () => T): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      return operation()
    } catch (error) {
      if (resultCode(error) !== busy) throw error
      if (performance.now() >= deadline) {
        throw new Error(`sqlite: the database stayed locked for ${seconds} seconds`, { cause: error })
      }
    }
    await setTimeout(2 + Math.random() * 20)
  }
}
