import { boundedCache } from '../bounded-cache.ts'
import { Unavailable } from '../errors.ts'
import type { KeyPage, ListOptions } from '../storage/storage.ts'
import { clockSkew } from './envelope.ts'
import { get, type Peeked, peek, type Versioned } from './reading.ts'
import { type Resealed, reseal } from './resealing.ts'
import { retrying } from './retry.ts'
import { deleteVersion, type PutRecordOptions, put, type Writing } from './writing.ts'

export { clockSkew, type Versioned }

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

/** Bytes of opened records that are remembered: some eight thousand grants. */
const cacheBytes = 32 * 1024 * 1024

export function recordsIn(dependencies: Pick<Writing, 'storage' | 'sealer' | 'clock' | 'emit'>): Records {
  const { storage } = dependencies
  const retry = retrying(dependencies)
  const read = (key: string) => retry('get', () => storage.get(key))
  const parts: Writing = { ...dependencies, retry, read, opened: boundedCache(cacheBytes) }
  return {
    get: (key, { keep = true } = {}) => get(parts, key, keep),
    peek: (key) => peek(parts, key),
    put: (key, value, options) => put(parts, key, value, options),
    delete: (key, ifVersion) => deleteVersion(parts, key, ifVersion),
    list: (prefix, options) => retry('list', () => storage.list(prefix, options)),
    reseal: (key) => reseal(parts, key),
    purge: (limit) => retry('purge', async () => (await storage.purge?.(limit)) ?? 0),
  }
}

/** Writes a record that nobody has changed since it was read. `undefined`: somebody has. */
export async function replace<T>(
  store: Records,
  { key, version: ifVersion }: Versioned<T>,
  value: T,
  expiresAt: number | undefined,
): Promise<Versioned<T> | undefined> {
  const version = await store.put(key, value, { ifVersion, expiresAt })
  return version === undefined ? undefined : { key, value, version }
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
    const written = await replace(store, record, value, expiresAt(value))
    if (written) return written
  }
  throw new Unavailable(`storage: too many writers on ${key.split('/')[0]}`)
}

/**
 * Deletes whatever version there is. Resolves to the record it removed.
 *
 * @param isMeant for a key at which one thing after another may lie
 */
export async function remove<T>(
  store: Records,
  key: string,
  isMeant: (value: Readonly<T>) => boolean = () => true,
): Promise<Versioned<T> | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const record = await store.get<T>(key)
    if (!record || !isMeant(record.value)) return undefined
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
  for await (const keys of pagesOf(store, prefix, 1000)) {
    for (let start = 0; start < keys.length; start += atOnce) {
      await Promise.all(keys.slice(start, start + atOnce).map(visit))
    }
  }
}

/** Every key that starts with a prefix, page by page. */
export async function* everyKey(store: Records, prefix: string): AsyncGenerator<string> {
  for await (const keys of pagesOf(store, prefix)) yield* keys
}

async function* pagesOf(store: Records, prefix: string, limit?: number): AsyncGenerator<readonly string[]> {
  let cursor: string | undefined
  do {
    const page = await store.list(prefix, { cursor, limit })
    yield page.keys
    cursor = page.cursor
  } while (cursor !== undefined)
}
