import { setTimeout as sleep } from 'node:timers/promises'

/** Lets everybody through, and now and then somebody alone. */
export interface Turnstile {
  through(work: () => Promise<void>): Promise<void>
  /**
   * Lets nobody in, waits until everybody is out and `isQuiet`, then works.
   * Resolves to false when that took longer than `patience` milliseconds, and nothing was done.
   */
  alone(work: () => Promise<void>, isQuiet: () => Promise<boolean>, patience: number): Promise<boolean>
}

export function turnstile(): Turnstile {
  let inside = 0
  let closed: Promise<void> | undefined
  return {
    async through(work) {
      while (closed) await closed
      inside++
      try {
        await work()
      } finally {
        inside--
      }
    },
    async alone(work, isQuiet, patience) {
      let open = () => {}
      closed = new Promise((resolve) => {
        open = resolve
      })
      const end = Date.now() + patience
      try {
        while (inside > 0 || !(await isQuiet())) {
          if (Date.now() > end) return false
          await sleep(20)
        }
        await work()
        return true
      } finally {
        closed = undefined
        open()
      }
    },
  }
}
