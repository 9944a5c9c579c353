import type { Clock } from '../clock.ts'
import { unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { generateSigningKey, type SigningAlgorithm, type SigningKey } from '../crypto/signing-keys.ts'
import type { EventListener } from '../events.ts'
import type { Records } from './records.ts'

/** What all instances share, in one record changed by conditional write: `server/keys`. */
export interface ServerKeysRecord {
  /** Turns provider id and subject into an owner. Never rotated. */
  pepper: string
  /** Oldest first. A key is published from the start, active from `active_at`, retired once a later one is active. */
  signing: readonly ScheduledKey[]
}

export interface ScheduledKey extends SigningKey {
  /** Unix seconds. */
  active_at: number
}

export interface ServerKeys {
  pepper(): Promise<string>
  /** The key that signs now. */
  active(): Promise<SigningKey>
  /** Reads the record again, once per cool-down, when it does not know the kid. */
  find(kid: string): Promise<SigningKey | undefined>
  /** Everything to publish. */
  all(): Promise<readonly SigningKey[]>
}

export const serverKeysKey = 'server/keys'
/** Seconds. An instance that saw no rotation learns of it within this time, or at the first unknown `kid`. */
const refreshAfter = 300
const coolDown = 10

export function serverKeys(dependencies: {
  records: Records
  clock: Clock
  emit: EventListener
  algorithm: SigningAlgorithm
}): ServerKeys {
  const { records, clock, emit, algorithm } = dependencies
  let cached: { value: Readonly<ServerKeysRecord>; readAt: number } | undefined
  let reading: Promise<Readonly<ServerKeysRecord>> | undefined

  async function readOrCreate(): Promise<Readonly<ServerKeysRecord>> {
    for (;;) {
      const record = await records.get<ServerKeysRecord>(serverKeysKey)
      if (record) return record.value
      const key = await generateSigningKey(algorithm)
      const value: ServerKeysRecord = {
        pepper: randomText(),
        signing: [{ ...key, active_at: unixTime(clock) }],
      }
      const version = await records.put(serverKeysKey, value, { ifVersion: null })
      if (version !== undefined) {
        emit({ type: 'keys.created', kid: key.kid })
        return value
      }
    }
  }

  function read(): Promise<Readonly<ServerKeysRecord>> {
    reading ??= readOrCreate()
      .then((value) => {
        cached = { value, readAt: unixTime(clock) }
        return value
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  }

  async function current(): Promise<Readonly<ServerKeysRecord>> {
    if (!cached) return read()
    if (unixTime(clock) - cached.readAt < refreshAfter) return cached.value
    // Keys we already know keep working through an outage of the store.
    return read().catch(() => cached?.value ?? read())
  }

  return {
    pepper: async () => (await current()).pepper,
    async active() {
      const now = unixTime(clock)
      const { signing } = await current()
      const active = signing.findLast((key) => key.active_at <= now) ?? signing[0]
      if (!active) throw new Error('server keys: there is no signing key')
      return active
    },
    async find(kid) {
      const known = (await current()).signing.find((key) => key.kid === kid)
      if (known) return known
      if (cached && unixTime(clock) - cached.readAt < coolDown) return undefined
      return (await read()).signing.find((key) => key.kid === kid)
    },
    all: async () => (await current()).signing,
  }
}
