import type { Clock } from '../clock.ts'
import { unixTime } from '../clock.ts'
import { type Sealer, sealedWith, UnknownSecret } from '../crypto/sealing.ts'
import { isNamed, Unavailable } from '../errors.ts'
import { detailOf, type Emit } from '../events.ts'
import type { KeyPage, ListOptions, Storage, StoredValue } from '../storage/storage.ts'
import { byteCache } from './byte-cache.ts'

/**
 * Sealed JSON records over a {@link Storage}. Retries what may be retried and settles writes whose outcome is
 * unknown, so that everyone above sees one of three things: done, somebody else was first, or {@link Unavailable}.
 */
export interface Records {
  /** `keep: false` for a record that is only passed by: it takes no room from those that are in use. */
  get<T>(key: string, options?: { keep?: boolean }): Promise<Versioned<T> | undefined>
  /**
   * The same for whoever goes on without a record that does not open, or replaces it; a store that is out still throws.
   * Passes by the cache.
   */
  peek<T>(key: string): Promise<Peeked<T> | undefined>
  /**
   * The new version, or `undefined` when the condition failed. `expiresAt` in Unix seconds. `once`: not tried again, by
   * whoever rather tries under another key, since a try that failed may land at any later time.
   */
  put<T>(key: string, value: T, options: PutRecordOptions): Promise<string | undefined>
  /** True when this call, or an earlier try of it, removed that version. */
  delete(key: string, ifVersion: string): Promise<boolean>
  list(prefix: string, options?: ListOptions): Promise<KeyPage>
  /**
   * Seals a record anew when it was sealed with another secret than the current one; `undefined` when it is gone. A
   * record that does not open, or is of a newer version, is left as it is.
   */
  reseal(key: string): Promise<Resealed | undefined>
  /** Removes expired entries from stores that do not do so themselves. Resolves to how many. */
  purge(limit: number): Promise<number>
}

export interface PutRecordOptions {
  ifVersion: string | null
  expiresAt?: number
  once?: boolean
}

/** A record as it was read. The value is shared with a cache: never change it in place. */
export interface Versioned<T> {
  key: string
  value: Readonly<T>
  version: string
}

/** What lies at a key. Without `value` it does not open: it was damaged, or sealed with a secret not known here. */
export type Peeked<T> =
  | (Versioned<T> & { unreadable?: undefined })
  | { key: string; version: string; value?: undefined; unreadable: Unavailable }

/** A record after an attempt to seal it anew. */
export interface Resealed {
  /** The id of the secret that it is sealed with now. */
  key_id: string
  resealed: boolean
  /** Whether any configured secret opens it. */
  opens: boolean
}

/** What is sealed. */
interface Envelope {
  schema: typeof schemaVersion
  v: unknown
  /** Unix seconds. */
  exp?: number
}

/**
 * Of every record. An instance that is not replaced yet meets what newer ones write: to it such a record is an outage,
 * and never absent. docs/storage-schema.md says how the next version is made.
 */
export const schemaVersion = 1

/** Written by a later release than this one. */
export class NewerVersion extends Error {
  override readonly name = 'NewerVersion'
}

/** Milliseconds between tries; about two seconds in all, less than any client's patience. */
const retryDelays = [30, 100, 250, 600, 1000]
/** Bytes that every store keeps, and no more. */
const longestValue = 256 * 1024
/** Instances' clocks may differ by this many seconds. */
export const clockSkew = 60
/** Bytes of opened records that are remembered: some eight thousand grants. */
const cacheBytes = 32 * 1024 * 1024

export function recordsIn(dependencies: {
  storage: Storage
  sealer: Sealer
  clock: Clock
  emit: Emit
}): Records {
  const { storage, sealer, clock, emit } = dependencies
  const opened = byteCache<{ version: string; envelope: Envelope }>(cacheBytes)

  async function retrying<T>(
    operation: string,
    delays: readonly number[],
    attempt: () => Promise<T>,
  ): Promise<T> {
    for (let index = 0; ; index++) {
      try {
        return await attempt()
      } catch (cause) {
        const delay = delays[index]
        if (delay === undefined) {
          // Whoever allows no other try here makes one elsewhere.
          if (index > 0) emit({ type: 'storage.unavailable', operation, detail: detailOf(cause) })
          throw new Unavailable(`storage: ${operation} failed`, { cause })
        }
        await clock.sleep(delay)
      }
    }
  }

  const read = (key: string) => retrying('get', retryDelays, () => storage.get(key))

  async function open(key: string, stored: StoredValue, keep: boolean): Promise<Envelope> {
    const known = opened.get(key)
    if (known?.version === stored.version) return known.envelope
    let envelope: Envelope
    try {
      envelope = envelopeOf(sealer.open(key, stored.value))
    } catch (cause) {
      const kind = key.split('/')[0] ?? ''
      if (cause instanceof UnknownSecret) emit({ type: 'keys.unknown_secret', key_id: cause.keyId })
      else {
        const reason = cause instanceof NewerVersion ? 'newer_version' : 'damaged'
        emit({ type: 'storage.unreadable', kind, reason })
      }
      throw new Unavailable(`storage: the record ${kind} does not open`, { cause })
    }
    if (keep) remember(key, stored.version, envelope, stored.value)
    return envelope
  }

  /** The store's own expiry rules; the sealed one only stops a tampered store from prolonging a record. */
  function isOver({ exp }: Envelope): boolean {
    return exp !== undefined && unixTime(clock) >= exp + clockSkew
  }

  /** An opened record takes about twice its text, and some more. */
  function remember(key: string, version: string, envelope: Envelope, sealed: string): void {
    opened.set(key, { version, envelope }, 2 * (key.length + sealed.length) + 500)
  }

  async function put<T>(
    key: string,
    value: T,
    { once = false, ...options }: PutRecordOptions,
  ): Promise<string | undefined> {
    const { expiresAt } = options
    const envelope: Envelope = {
      schema: schemaVersion,
      v: value,
      ...(expiresAt !== undefined && { exp: expiresAt }),
    }
    const text = JSON.stringify(envelope)
    const sealed = sealer.seal(key, text)
    if (sealed.length > longestValue) {
      throw new Error(`storage: the record ${key.split('/')[0]} takes more than 256 KiB`)
    }
    let unknown = false
    const delays = once ? [] : retryDelays
    return retrying('put', delays, async () => {
      if (unknown) {
        // A fresh nonce makes every sealed text unique, so equality means that our own write took effect.
        const current = await read(key)
        if (current?.value === sealed) return current.version
        if ((current?.version ?? null) !== options.ifVersion) return undefined
      }
      const retried = unknown
      unknown = true
      const version = await storage.put(key, sealed, options)
      // Remembered as it will be read: the caller, or a provider, may go on to change the value it gave. What nobody has
      // read may never be: strangers cause many writes.
      if (version !== undefined && opened.has(key)) remember(key, version, JSON.parse(text), sealed)
      if (version === undefined && retried) {
        // The earlier try may have arrived late, between the read above and this one.
        const current = await read(key)
        if (current?.value === sealed) return current.version
      }
      return version
    })
  }

  return {
    async get<T>(key: string, { keep = true } = {}) {
      const stored = await read(key)
      if (!stored) return undefined
      const envelope = await open(key, stored, keep)
      return isOver(envelope) ? undefined : { key, value: envelope.v as T, version: stored.version }
    },

    async peek<T>(key: string): Promise<Peeked<T> | undefined> {
      const stored = await read(key)
      if (!stored) return undefined
      const { version } = stored
      try {
        const envelope = await open(key, stored, false)
        return isOver(envelope) ? undefined : { key, value: envelope.v as T, version }
      } catch (error) {
        if (!isNamed<Unavailable>(error, 'Unavailable')) throw error
        return { key, version, unreadable: error }
      }
    },

    put,

    async delete(key, ifVersion) {
      opened.delete(key)
      let unknown = false
      return retrying('delete', retryDelays, async () => {
        if (unknown) {
          const current = await read(key)
          if (!current) return true
          if (current.version !== ifVersion) return false
        }
        unknown = true
        return storage.delete(key, { ifVersion })
      })
    },

    list: (prefix, options) => retrying('list', retryDelays, () => storage.list(prefix, options)),

    async reseal(key: string) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const stored = await read(key)
        if (!stored) return undefined
        const key_id = sealedWith(stored.value)
        let envelope: Envelope
        try {
          envelope = await open(key, stored, false)
        } catch (error) {
          // The secret of what is newer is still needed.
          const opens = error instanceof Unavailable && error.cause instanceof NewerVersion
          return { key_id, resealed: false, opens }
        }
        const { exp } = envelope
        const current = sealer.currentId()
        if (key_id === current) return { key_id, resealed: false, opens: true }
        const options = exp === undefined ? {} : { expiresAt: exp }
        const version = await put(key, envelope.v, { ifVersion: stored.version, ...options })
        if (version !== undefined) return { key_id: current, resealed: true, opens: true }
      }
      throw new Unavailable(`storage: too many writers on ${key.split('/')[0]}`)
    },

    purge: (limit) => retrying('purge', retryDelays, async () => (await storage.purge?.(limit)) ?? 0),
  }
}

/** @throws {NewerVersion}, and other errors for what no release of ours wrote */
function envelopeOf(text: string): Envelope {
  const envelope: Envelope = JSON.parse(text)
  const schema: unknown = envelope.schema
  if (schema === schemaVersion) return envelope
  if (Number.isSafeInteger(schema) && Number(schema) > schemaVersion) {
    throw new NewerVersion(`schema version ${schema}`)
  }
  throw new Error('no schema version')
}

/**
 * Reads, decides, writes; again when somebody else was first. `change` returns the new value, or `undefined` to
 * leave the record as it is. Resolves to the record as it then stands.
 */
export async function update<T>(
  store: Records,
  key: string,
  expiresAt: (value: T) => number | undefined,
  change: (value: Readonly<T>) => T | undefined,
): Promise<Versioned<T> | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const record = await store.get<T>(key)
    if (!record) return undefined
    const value = change(record.value)
    if (value === undefined) return record
    const expiry = expiresAt(value)
    const version = await store.put(key, value, {
      ifVersion: record.version,
      ...(expiry === undefined ? {} : { expiresAt: expiry }),
    })
    if (version !== undefined) return { ...record, value, version }
  }
  throw new Unavailable(`storage: too many writers on ${key.split('/')[0]}`)
}

/** Deletes whatever version there is. Resolves to the record it removed. */
export async function remove<T>(store: Records, key: string): Promise<Versioned<T> | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const record = await store.get<T>(key)
    if (!record) return undefined
    if (await store.delete(key, record.version)) return record
  }
  throw new Unavailable(`storage: too many writers on ${key.split('/')[0]}`)
}

/** Keys looked at side by side when there may be very many. */
const atOnce = 16

/** Does something with every key that starts with a prefix, a few at a time. The first failure ends it. */
export async function forEachKey(
  store: Records,
  prefix: string,
  visit: (key: string) => Promise<void>,
): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await store.list(prefix, { cursor, limit: 1000 })
    for (let start = 0; start < page.keys.length; start += atOnce) {
      await Promise.all(page.keys.slice(start, start + atOnce).map(visit))
    }
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Every key that starts with a prefix, page by page. */
export async function* everyKey(store: Records, prefix: string): AsyncGenerator<string> {
  let cursor: string | undefined
  do {
    const page = await store.list(prefix, { cursor })
    yield* page.keys
    cursor = page.cursor
  } while (cursor !== undefined)
}
