import assert from 'node:assert/strict'
import type { Storage } from '@drawbridge/core/storage'

/** What a store must offer for a case to apply to it. */
export type StorageFeature = 'reopen' | 'purge' | 'lent'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when a store breaks it. */
export interface StorageCase {
  name: string
  needs?: StorageFeature | undefined
  run(open: OpenStorage): Promise<void>
}

/** Opens an empty store; called once per case, possibly for several cases at a time. */
export type OpenStorage = () => OpenedStorage | Promise<OpenedStorage>

export interface OpenedStorage {
  storage: Storage
  /** The clock that decides what has expired: a `fakeClock()` given to the store, or `serverClock()`. */
  clock: StorageClock
  /**
   * Opens the same data again, as another process would, with the same clock; what is open stays open. For stores
   * that share nothing and forget everything, leave it out and pass `without: ['reopen']`.
   */
  reopen?(): Promise<Storage>
  /**
   * Uses what the store was given by its caller, such as a pool or a client, past the store: rejects when that has ended.
   * For stores that open all they use, leave it out and pass `without: ['lent']`.
   */
  lent?(): Promise<unknown>
  /** Cleans up. Called at the end of the case, after every storage was closed. */
  dispose?(): void | Promise<void>
}

export interface StorageClock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Lets time pass until `now()`, in whole seconds, has grown by this many. */
  advance(seconds: number): void | Promise<void>
}

/** What the body of a case works with. */
export interface Subject {
  storage: Storage
  /** Unix seconds, this many from now. */
  inSeconds(seconds: number): number
  /** Lets this many seconds pass for the store. */
  advance(seconds: number): Promise<void>
  /** The same data, opened once more. */
  reopen(): Promise<Storage>
  /** Uses what the store was given. */
  lent(): Promise<unknown>
}

export function storageCase(
  name: string,
  body: (subject: Subject) => Promise<void>,
  needs?: StorageFeature,
): StorageCase {
  return {
    name,
    needs,
    async run(open) {
      const opened = await open()
      const { storage, clock } = opened
      const storages = [storage]
      try {
        await body({
          storage,
          inSeconds: (seconds) => Math.floor(clock.now() / 1000) + seconds,
          advance: async (seconds) => clock.advance(seconds),
          async reopen() {
            assert.ok(opened.reopen, "this case needs `reopen`; without one, pass { without: ['reopen'] }")
            const again = await opened.reopen()
            storages.push(again)
            return again
          },
          async lent() {
            assert.ok(
              opened.lent,
              "this case needs `lent`; without anything lent, pass { without: ['lent'] }",
            )
            return opened.lent()
          },
        })
      } finally {
        for (const each of storages) await each.close?.()
        await opened.dispose?.()
      }
    },
  }
}

/** The version of a write that must have succeeded. */
export async function written(write: Promise<string | undefined>): Promise<string> {
  const version = await write
  assert.equal(typeof version, 'string', `put answered ${version} although its condition held`)
  return String(version)
}

/** A new entry. */
export function create(storage: Storage, key: string, value = 'value', expiresAt?: number): Promise<string> {
  return written(storage.put(key, value, { ifVersion: null, expiresAt }))
}

/** Asserts that nothing can be read at this key. */
export async function assertAbsent(storage: Storage, key: string): Promise<void> {
  assert.equal(await storage.get(key), undefined, `${key} must be absent`)
}

/** Asserts what is stored at this key, and at which version when given. */
export async function assertStored(
  storage: Storage,
  key: string,
  value: string,
  version?: string,
): Promise<void> {
  const stored = await storage.get(key)
  assert.ok(stored, `${key} must be there`)
  assert.ok(stored.value === value, `${key} must hold what was written, not ${stored.value.slice(0, 80)}`)
  if (version !== undefined)
    assert.equal(stored.version, version, `${key} must be at the version put answered`)
}

/** All keys with this prefix, sorted, following cursors. `between` runs after each page but the last. */
export async function listAll(
  storage: Storage,
  prefix: string,
  limit?: number,
  between: (page: readonly string[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const keys = new Set<string>()
  let cursor: string | undefined
  for (let pages = 0; pages < 1000; pages++) {
    const page = await storage.list(prefix, { cursor, limit })
    for (const key of page.keys) keys.add(key)
    if (page.cursor === undefined) return [...keys].sort()
    cursor = page.cursor
    await between(page.keys)
  }
  assert.fail(`list ${prefix} has not ended after 1000 pages`)
}
