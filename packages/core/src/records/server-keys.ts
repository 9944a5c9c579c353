import { type Clock, unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import type { SigningKey } from '../crypto/signing-keys.ts'
import { proveUsable } from '../crypto/supplied-keys.ts'
import type { Emit } from '../events.ts'
import { type EndedGrants, type Ending, withEnding } from './endings.ts'
import { type PublishedKey, rereadAfter, type SigningKeyPolicy, scheduled, signerOf } from './key-schedule.ts'
import type { Records } from './records.ts'
import { remembered } from './remembered.ts'
import { allowedPolicy, isRevoked, type RevokedKey, withRevoked } from './revoked-keys.ts'

export { jwksMaxAge, type SigningKeyPolicy } from './key-schedule.ts'

/** What all instances share, in one record changed by conditional write: `server/keys`. */
export interface ServerKeysRecord {
  /** Turns provider id and subject into an owner. Never rotated. */
  pepper: string
  /** In order of publication; of the operator's own keys only the public half. */
  signing: readonly PublishedKey[]
  revoked?: readonly RevokedKey[] | undefined
  /** In their order. */
  endings?: readonly Ending[] | undefined
}

type Known = Readonly<ServerKeysRecord>

export interface ServerKeys {
  pepper(): Promise<string>
  /** The key that signs now. */
  active(): Promise<SigningKey>
  /** Reads the record again, once per cool-down, when it does not know the kid. It may have been revoked since. */
  find(kid: string): Promise<SigningKey | undefined>
  /** Whether what this key signed is good, as of a second ago at the most. */
  isGood(kid: string): Promise<boolean>
  /** Everything to publish. */
  all(): Promise<readonly SigningKey[]>
  list(): Promise<readonly ListedKey[]>
  /** False: nobody knows such a key. */
  revoke(kid: string): Promise<boolean>
  /** What all grants are held against, as of a second ago at the most. */
  endings(): Promise<readonly Ending[]>
  end(which: EndedGrants): Promise<readonly Ending[]>
  /** Nothing of these is left in the store. */
  finished(endings: readonly Ending[]): Promise<void>
}

/** A signing key, as an operator sees it. */
export type ListedKey =
  | { state: 'active' | 'published' | 'retired'; key: PublishedKey }
  | { state: 'revoked'; key: RevokedKey }

interface Dependencies {
  records: Records
  clock: Clock
  emit: Emit
  policy: SigningKeyPolicy
}

export const serverKeysKey = 'server/keys'
/** Seconds between looks for a `kid` nobody knows. A key that follows a revoked one signs at once, so there are few. */
const coolDown = 1

export function serverKeys(dependencies: Dependencies): ServerKeys {
  const { clock, policy } = dependencies
  const record = remembered<Known>({
    clock,
    rereadAfter,
    read: keysReader(dependencies),
  })
  const { current, fresh, read, isReading } = record
  const signer = (known: Known) =>
    signerOf(known.signing, allowedPolicy(policy, known.revoked ?? []), unixTime(clock))
  const change = async (how: Change) => {
    // Nothing is published before it was tried.
    await current()
    return record.replace(() => readOrWrite(dependencies, how))
  }
  let lookedAt: number | undefined
  return {
    pepper: async () => (await current()).pepper,
    async active() {
      const key = signer(await fresh())
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
    isGood: async (kid) => byKid((await fresh()).signing, kid) !== undefined,
    all: async () => (await fresh()).signing,
    async list() {
      const known = await read()
      const active = signer(known)
      return [
        ...known.signing.map((key) => ({ state: stateOf(key, active), key })),
        ...(known.revoked ?? []).map((key) => ({ state: 'revoked' as const, key })),
      ]
    },
    async revoke(kid) {
      const { revoked = [] } = await change((known) => withoutKey(known, kid, unixTime(clock)))
      return revoked.some((key) => key.kid === kid)
    },
    endings: async () => (await fresh()).endings ?? [],
    async end(which) {
      const { endings = [] } = await change((known) => ({
        ...known,
        endings: withEnding(known.endings ?? [], which, unixTime(clock)),
      }))
      return endings.slice(-1)
    },
    async finished(endings) {
      const done = new Set(endings.map(({ at }) => at))
      await change((known) => ({
        ...known,
        endings: known.endings?.map(({ unfinished, ...ending }) =>
          unfinished && !done.has(ending.at) ? { ...ending, unfinished } : ending,
        ),
      }))
    },
  }
}

function stateOf(key: PublishedKey, active: PublishedKey | undefined): 'active' | 'published' | 'retired' {
  if (key.kid === active?.kid) return 'active'
  return key.unused_since === undefined ? 'published' : 'retired'
}

/** Returns what it is given where there is nothing to change. */
type Change = (known: Known) => Known

function withoutKey(known: Known, kid: string, now: number): Known {
  const key = byKid(known.signing, kid)
  if (!key) return known
  return {
    ...known,
    signing: known.signing.filter((other) => other !== key),
    revoked: withRevoked(known.revoked ?? [], key, now),
  }
}

/** Reads the record, and tells, once for each, of keys in the options that were revoked. */
function keysReader(dependencies: Dependencies): () => Promise<Known> {
  const { clock, emit, policy } = dependencies
  const told = new Set<string>()
  let proven: Promise<void> | undefined
  return async () => {
    proven ??= proveUsable(policy.supplied, new Date(clock.now()))
    await proven
    const known = await readOrWrite(dependencies, (same) => same)
    for (const key of policy.supplied) {
      if (told.has(key.kid) || !isRevoked(key, known.revoked ?? [])) continue
      told.add(key.kid)
      emit({ type: 'keys.refused', kid: key.kid })
    }
    return known
  }
}

/** Reads the record, makes it where there is none, and leaves it as it should be now. */
async function readOrWrite(dependencies: Dependencies, change: Change): Promise<Known> {
  const { records, clock, emit, policy } = dependencies
  for (;;) {
    const record = await records.get<ServerKeysRecord>(serverKeysKey)
    const before: Known = record?.value ?? { pepper: randomText(), signing: [] }
    const changed = change(before)
    const allowed = allowedPolicy(policy, changed.revoked ?? [])
    const signing = await scheduled(changed.signing, allowed, unixTime(clock))
    if (record && changed === before && isSame(signing, before.signing)) return before
    const value = { ...changed, signing }
    const version = await records.put(serverKeysKey, value, { ifVersion: record?.version ?? null })
    if (version === undefined) continue
    for (const { kid } of changed.revoked ?? []) {
      if (byKid(before.signing, kid)) emit({ type: 'keys.revoked', kid })
    }
    for (const { kid } of signing) {
      if (!byKid(before.signing, kid))
        emit({ type: before.signing.length > 0 ? 'keys.rotated' : 'keys.created', kid })
    }
    return value
  }
}

function isSame(a: readonly PublishedKey[], b: readonly PublishedKey[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index])
}

function byKid<Key extends { kid: string }>(keys: readonly Key[], kid: string): Key | undefined {
  return keys.find((key) => key.kid === kid)
}
