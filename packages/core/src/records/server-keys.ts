import { type Clock, unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import type { SigningKey } from '../crypto/signing-keys.ts'
import { proveUsable } from '../crypto/supplied-keys.ts'
import type { Emit } from '../events.ts'
import { type PublishedKey, rereadAfter, type SigningKeyPolicy, scheduled, signerOf } from './key-schedule.ts'
import type { Records } from './records.ts'

export { jwksMaxAge, type SigningKeyPolicy } from './key-schedule.ts'

/** What all instances share, in one record changed by conditional write: `server/keys`. */
export interface ServerKeysRecord {
  /** Turns provider id and subject into an owner. Never rotated. */
  pepper: string
  /** In order of publication; of the operator's own keys only the public half. */
  signing: readonly PublishedKey[]
}

type Known = Readonly<ServerKeysRecord>

export interface ServerKeys {
  pepper(): Promise<string>
  /** The key that signs now. */
  active(): Promise<SigningKey>
  /** Reads the record again, once per cool-down, when it does not know the kid. */
  find(kid: string): Promise<SigningKey | undefined>
  /** Everything to publish. */
  all(): Promise<readonly SigningKey[]>
}

interface Dependencies {
  records: Records
  clock: Clock
  emit: Emit
  policy: SigningKeyPolicy
}

export const serverKeysKey = 'server/keys'
/** Seconds between looks for a `kid` nobody knows. */
const coolDown = 10

export function serverKeys(dependencies: Dependencies): ServerKeys {
  const { clock, policy } = dependencies
  const { current, read, isReading } = remembered(dependencies)
  let lookedAt: number | undefined
  return {
    pepper: async () => (await current()).pepper,
    async active() {
      const key = signerOf((await current()).signing, policy, unixTime(clock))
      if (!key) throw new Error('server keys: there is no signing key')
      return byKid(policy.supplied, key.kid) ?? key
    },
    async find(kid) {
      const known = byKid((await current()).signing, kid)
      if (known) return known
      if (!isReading() && lookedAt !== undefined && unixTime(clock) - lookedAt < coolDown) return undefined
      const { signing } = await read()
      lookedAt = unixTime(clock)
      return byKid(signing, kid)
    },
    all: async () => (await current()).signing,
  }
}

/** The record as this instance last read it, which it does once for all who wait. */
function remembered(dependencies: Dependencies) {
  const { clock, policy } = dependencies
  let cached: { value: Known; readAt: number } | undefined
  let reading: Promise<Known> | undefined
  let proven: Promise<void> | undefined

  async function readNow(): Promise<Known> {
    proven ??= proveUsable(policy.supplied, new Date(clock.now()))
    await proven
    const value = await readOrCreate(dependencies)
    cached = { value, readAt: unixTime(clock) }
    return value
  }

  function read(): Promise<Known> {
    reading ??= readNow().finally(() => {
      reading = undefined
    })
    return reading
  }

  async function current(): Promise<Known> {
    if (!cached) return read()
    if (unixTime(clock) - cached.readAt < rereadAfter) return cached.value
    // Keys we already know keep working through an outage of the store.
    return read().catch(() => cached?.value ?? read())
  }

  return { current, read, isReading: () => reading !== undefined }
}

async function readOrCreate(dependencies: Dependencies): Promise<Known> {
  const { records, clock, emit, policy } = dependencies
  for (;;) {
    const record = await records.get<ServerKeysRecord>(serverKeysKey)
    const before = record?.value.signing ?? []
    const signing = await scheduled(before, policy, unixTime(clock))
    if (record && signing.length === before.length && signing.every((key, index) => key === before[index])) {
      return record.value
    }
    const value = { pepper: record?.value.pepper ?? randomText(), signing }
    const version = await records.put(serverKeysKey, value, { ifVersion: record?.version ?? null })
    if (version === undefined) continue
    for (const { kid } of signing) {
      if (!byKid(before, kid)) emit({ type: record ? 'keys.rotated' : 'keys.created', kid })
    }
    return value
  }
}

function byKid(keys: readonly SigningKey[], kid: string): SigningKey | undefined {
  return keys.find((key) => key.kid === kid)
}
