import type { Clock } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { rereadAfter } from './key-schedule.ts'
import type { Records } from './records.ts'
import { remembered } from './remembered.ts'
import { type ServerKeys, type ServerKeysRecord, serverKeysKey } from './server-keys.ts'

/**
 * `server/keys` for whoever signs nothing, and has no say in which keys there are. Whoever needs the pepper first makes it,
 * since there may be no server yet, or never one.
 */
export function serverReader({
  records,
  clock,
}: {
  records: Records
  clock: Clock
}): Pick<ServerKeys, 'pepper' | 'endings'> {
  const read = async () => (await records.get<ServerKeysRecord>(serverKeysKey))?.value
  const record = remembered<Readonly<ServerKeysRecord> | undefined>({ clock, rereadAfter, read })

  async function readOrMake(): Promise<Readonly<ServerKeysRecord>> {
    for (;;) {
      const found = await read()
      if (found) return found
      const made: ServerKeysRecord = { pepper: randomText(), signing: [] }
      if ((await records.put(serverKeysKey, made, { ifVersion: null })) !== undefined) return made
    }
  }

  return {
    async pepper() {
      const known = (await record.current()) ?? (await record.replace(readOrMake))
      if (!known) throw new Error('server keys: there is no pepper')
      return known.pepper
    },
    endings: async () => (await record.fresh())?.endings ?? [],
  }
}
