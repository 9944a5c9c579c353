import { memory, type Storage } from '@drawbridge/core'
import { overriding } from '@drawbridge/testing'

/** Something that can be stopped before its next step, so that others overtake it. */
export interface Turnstile {
  /** Resolves when somebody stands before it. Whoever comes after that passes. */
  reached: Promise<void>
  release(): void
  pass(): Promise<void>
}

export function turnstile(): Turnstile {
  let arrive = () => {}
  let release = () => {}
  let waiting = false
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return {
    reached,
    release,
    async pass() {
      if (waiting) return
      waiting = true
      arrive()
      await released
    },
  }
}

export interface SlowStore {
  storage: Storage
  /** Stops the next operation that begins like this, `create grant/` or `put client/` or `delete connection/`. */
  holdNext(operation: string): Turnstile
}

/** A store in which one write can be made to take long. */
export function slowStore(store: Storage = memory()): SlowStore {
  let held: { operation: string; stile: Turnstile } | undefined
  const step = async (operation: string) => {
    if (held && operation.startsWith(held.operation)) await held.stile.pass()
  }
  return {
    storage: overriding(store, {
      async put(...given) {
        const [key, , { ifVersion }] = given
        await step(`${ifVersion === null ? 'create' : 'put'} ${key}`)
        return store.put(...given)
      },
      async delete(...given) {
        await step(`delete ${given[0]}`)
        return store.delete(...given)
      },
    }),
    holdNext(operation) {
      const stile = turnstile()
      held = { operation, stile }
      return stile
    },
  }
}
