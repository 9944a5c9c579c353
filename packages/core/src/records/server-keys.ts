import type { Clock } from '../clock.ts'
import { unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { generateSigningKey, type SigningAlgorithm, type SigningKey } from '../crypto/signing-keys.ts'
import type { EventListener } from '../events.ts'
import { clockSkew, type Records } from './records.ts'

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
/** Seconds that others may keep what `/jwks` says. */
export const jwksMaxAge = 300
/** Seconds between looks for a `kid` nobody knows. */
const coolDown = 10

export interface SigningKeyPolicy {
  algorithm: SigningAlgorithm
  /** Seconds a key signs before the next one takes over. */
  rotateEvery: number
  /** Seconds a key stays published after it last signed: the life of what it signed. */
  keepRetired: number
  /** The operator's own keys, the first of which signs. Ours are then neither made nor rotated. */
  supplied: readonly SigningKey[]
}

export function serverKeys(dependencies: {
  records: Records
  clock: Clock
  emit: EventListener
  policy: SigningKeyPolicy
}): ServerKeys {
  const { records, clock, emit, policy } = dependencies
  let cached: { value: Readonly<ServerKeysRecord>; readAt: number } | undefined
  let reading: Promise<Readonly<ServerKeysRecord>> | undefined

  async function newKey(active_at: number): Promise<ScheduledKey> {
    return { ...(await generateSigningKey(policy.algorithm)), active_at }
  }

  /** What the record should become now; `undefined` when it is right as it is. */
  async function scheduled(value: Readonly<ServerKeysRecord>): Promise<ServerKeysRecord | undefined> {
    if (policy.supplied.length > 0) return undefined
    const now = unixTime(clock)
    const newest = value.signing.at(-1)
    const rotates = !newest || newest.alg !== policy.algorithm || now - newest.active_at >= policy.rotateEvery
    // Whoever keeps our keys, and every instance, must have seen a key before the first token signed with it.
    const next = rotates ? [await newKey(now + jwksMaxAge + refreshAfter + clockSkew)] : []
    const kept = value.signing.filter((_, index) => {
      const successor = value.signing[index + 1]
      return !successor || now < successor.active_at + policy.keepRetired
    })
    const unchanged = next.length === 0 && kept.length === value.signing.length
    return unchanged ? undefined : { ...value, signing: [...kept, ...next] }
  }

  async function readOrCreate(): Promise<Readonly<ServerKeysRecord>> {
    for (;;) {
      const record = await records.get<ServerKeysRecord>(serverKeysKey)
      const value = record
        ? await scheduled(record.value)
        : { pepper: randomText(), signing: policy.supplied.length > 0 ? [] : [await newKey(unixTime(clock))] }
      if (record && !value) return record.value
      if (!value) continue
      const version = await records.put(serverKeysKey, value, { ifVersion: record?.version ?? null })
      if (version === undefined) continue
      const added = value.signing.filter(
        ({ kid }) => !record?.value.signing.some((known) => known.kid === kid),
      )
      for (const { kid } of added) emit({ type: record ? 'keys.rotated' : 'keys.created', kid })
      return value
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

  /** A change of algorithm or to the operator's own keys leaves the earlier ones good for what they signed. */
  const published = async () => [...policy.supplied, ...(await current()).signing]

  return {
    pepper: async () => (await current()).pepper,
    async active() {
      const now = unixTime(clock)
      const [supplied] = policy.supplied
      if (supplied) {
        await current()
        return supplied
      }
      const { signing } = await current()
      const active = signing.findLast((key) => key.active_at <= now) ?? signing[0]
      if (!active) throw new Error('server keys: there is no signing key')
      return active
    },
    async find(kid) {
      const known = (await published()).find((key) => key.kid === kid)
      if (known) return known
      if (cached && unixTime(clock) - cached.readAt < coolDown) return undefined
      return (await read()).signing.find((key) => key.kid === kid)
    },
    all: published,
  }
}
