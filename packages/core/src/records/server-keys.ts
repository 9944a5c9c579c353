import type { Clock } from '../clock.ts'
import { unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import {
  canSign,
  generateSigningKey,
  isSameKey,
  publicJwk,
  type SigningAlgorithm,
  type SigningKey,
} from '../crypto/signing-keys.ts'
import { proveUsable } from '../crypto/supplied-keys.ts'
import { ConfigurationError } from '../errors.ts'
import type { Emit } from '../events.ts'
import { clockSkew, type Records } from './records.ts'

/** What all instances share, in one record changed by conditional write: `server/keys`. */
export interface ServerKeysRecord {
  /** Turns provider id and subject into an owner. Never rotated. */
  pepper: string
  /** In order of publication; of the operator's own keys only the public half. */
  signing: readonly PublishedKey[]
}

/** Published from the start, active once everybody has had the time to see it, retired when nobody has a use for it. */
export interface PublishedKey extends SigningKey {
  /** Unix seconds. */
  published_at: number
  /** Unix seconds; no instance has had a use for it since. */
  unused_since?: number | undefined
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
/** Seconds until every instance, and whoever keeps our keys, has seen a key. */
const untilKnown = refreshAfter + jwksMaxAge + clockSkew
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
  emit: Emit
  policy: SigningKeyPolicy
}): ServerKeys {
  const { records, clock, emit, policy } = dependencies
  let cached: { value: Readonly<ServerKeysRecord>; readAt: number } | undefined
  let reading: Promise<Readonly<ServerKeysRecord>> | undefined
  let lookedAt: number | undefined
  let proven: Promise<void> | undefined

  /** What this instance shall sign with, best first. */
  function intended(keys: readonly PublishedKey[]): readonly PublishedKey[] {
    if (policy.supplied.length === 0) {
      return keys.filter((key) => canSign(key) && key.alg === policy.algorithm).reverse()
    }
    return policy.supplied.flatMap((own) => keys.filter(({ kid }) => kid === own.kid))
  }

  /** The best one that everybody knows. Until there is one, the one that has been known for longest. */
  function signerOf(keys: readonly PublishedKey[]): PublishedKey | undefined {
    const now = unixTime(clock)
    const able = [...intended(keys), ...keys.filter(canSign).reverse()]
    return (
      able.find((key) => now - key.published_at >= untilKnown) ??
      able.toSorted((a, b) => a.published_at - b.published_at)[0]
    )
  }

  async function missing(keys: readonly PublishedKey[]): Promise<readonly PublishedKey[]> {
    const published_at = unixTime(clock)
    if (policy.supplied.length > 0) {
      const unknown = policy.supplied.filter((own) => isUnknown(keys, own))
      return unknown.map((own) => ({ kid: own.kid, alg: own.alg, jwk: publicJwk(own), published_at }))
    }
    const [newest] = intended(keys)
    const isDue = !newest || published_at - newest.published_at >= policy.rotateEvery
    return isDue ? [{ ...(await generateSigningKey(policy.algorithm)), published_at }] : []
  }

  /**
   * The keys as they should be now. Instances that want different keys, as during a deployment, add theirs and leave
   * the others' alone: a key goes when none of them has wanted it for as long as what it signed may live.
   */
  async function scheduled(before: readonly PublishedKey[]): Promise<readonly PublishedKey[]> {
    const now = unixTime(clock)
    const keys = [...before, ...(await missing(before))]
    const wanted = policy.supplied.length > 0 ? intended(keys) : intended(keys).slice(0, 1)
    const used = new Set([...wanted, signerOf(keys)])
    return keys.flatMap((key) => {
      const { unused_since, ...rest } = key
      if (used.has(key)) return [unused_since === undefined ? key : rest]
      if (unused_since === undefined) return [{ ...key, unused_since: now }]
      return now - unused_since < policy.keepRetired + refreshAfter ? [key] : []
    })
  }

  async function readOrCreate(): Promise<Readonly<ServerKeysRecord>> {
    proven ??= proveUsable(policy.supplied, new Date(clock.now()))
    await proven
    for (;;) {
      const record = await records.get<ServerKeysRecord>(serverKeysKey)
      const before = record?.value.signing ?? []
      const signing = await scheduled(before)
      if (
        record &&
        signing.length === before.length &&
        signing.every((key, index) => key === before[index])
      ) {
        return record.value
      }
      const value = { pepper: record?.value.pepper ?? randomText(), signing }
      const version = await records.put(serverKeysKey, value, { ifVersion: record?.version ?? null })
      if (version === undefined) continue
      for (const { kid } of signing) {
        if (before.some((known) => known.kid === kid)) continue
        emit({ type: record ? 'keys.rotated' : 'keys.created', kid })
      }
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

  const byKid = (keys: readonly SigningKey[], kid: string) => keys.find((key) => key.kid === kid)

  return {
    pepper: async () => (await current()).pepper,
    async active() {
      const key = signerOf((await current()).signing)
      if (!key) throw new Error('server keys: there is no signing key')
      return byKid(policy.supplied, key.kid) ?? key
    },
    async find(kid) {
      const known = byKid((await current()).signing, kid)
      if (known) return known
      if (!reading && lookedAt !== undefined && unixTime(clock) - lookedAt < coolDown) return undefined
      const { signing } = await read()
      lookedAt = unixTime(clock)
      return byKid(signing, kid)
    },
    all: async () => (await current()).signing,
  }
}

/** Whether a key of the operator's has yet to be published. One name cannot stand for two keys. */
function isUnknown(keys: readonly PublishedKey[], own: SigningKey): boolean {
  const known = keys.find(({ kid }) => kid === own.kid)
  if (!known || isSameKey(known, own)) return !known
  throw new ConfigurationError(
    'signingKeys.keys',
    `has another key than before under the kid "${own.kid}"`,
    'Give each new key a kid of its own: verifiers find it by that, and may still know the earlier one.',
  )
}
