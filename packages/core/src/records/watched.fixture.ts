import { systemClock } from '../clock.ts'
import type { Sealer } from '../crypto/sealing.ts'
import type { Occurrence } from '../events.ts'
import { memory } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { type Records, recordsIn } from './records.ts'

/** Records whose openings are counted, over a seal that anybody can read. */
export function watched(): {
  openings: string[]
  events: Occurrence[]
  storage: Storage
  sealer: Sealer
  store: Records
} {
  const openings: string[] = []
  const events: Occurrence[] = []
  let sealed = 0
  const sealer: Sealer = {
    currentId: () => 'id',
    seal: (_, plaintext) => `id.${sealed++}.${plaintext}`,
    open(key, text) {
      openings.push(key)
      return text.slice(text.indexOf('.', text.indexOf('.') + 1) + 1)
    },
  }
  const storage = memory({ maxEntries: 1_000_000 })
  const emit = (event: Occurrence) => void events.push(event)
  return {
    openings,
    events,
    storage,
    sealer,
    store: recordsIn({ storage, sealer, clock: systemClock, emit }),
  }
}
