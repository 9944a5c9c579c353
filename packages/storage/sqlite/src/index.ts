import {
  type Clock,
  checkCall,
  type KeyPage,
  type ListOptions,
  type PutOptions,
  type Storage,
  type StoredValue,
  systemClock,
} from '@drawbridge/core/storage'
import { untilUnlocked } from './busy.ts'
import { openDatabase } from './database.ts'

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /** The database file, in an existing directory on a local disk. Created when it does not exist. */
  path: string | undefined
  /**
   * How long an operation waits while another process writes, in seconds, before it fails. Waiting does not block this
   * process. Default 2.
   */
  lockTimeout?: number | undefined
  /** Where the time comes from that expiries are compared with. Default: the system's clock. */
  clock?: Clock | undefined
}

const defaultPageSize = 100
/** Every so many writes, up to so many expired entries are removed: more than can have been added since. */
const writesPerSweep = 50
const removedPerSweep = 100
const live = '(expires_at IS NULL OR expires_at > :now)'

/**
 * Storage in an SQLite file, through Node's own `node:sqlite`: survives restarts, and may be shared by several
 * processes on one machine.
 *
 * An answered write is on the disk, not just on its way there: the write-ahead log is flushed at every commit
 * (`synchronous = FULL`). With `NORMAL`, a power failure could bring back a grant after its revocation was confirmed,
 * or lose the refresh token a client was given a moment before.
 *
 * Later writes remove what has expired; `purge` is only needed where little is written.
 *
 * Operations reject with an `Error` when the database stays locked for `lockTimeout`, when the disk fails or is full,
 * and after `close`.
 *
 * @throws {ConfigurationError} when the file cannot be opened or created, or belongs to another application
 * @example
 * ```ts
 * const auth = oauthProxy({ issuer, secret, provider, storage: sqlite({ path: 'auth.db' }) })
 * ```
 */
export function sqlite(options: SqliteOptions): Storage {
  checkCall<SqliteOptions>(
    "sqlite({ path: 'auth.db' })",
    options,
    { path: 'text', lockTimeout: 'seconds', clock: 'clock' },
    'sqlite.',
  )
  const { path, lockTimeout = 2, clock = systemClock } = options
  const database = openDatabase(path)
  let closed = false
  let writes = 0

  const select = database.prepare(
    `SELECT value, CAST(id AS TEXT) AS version FROM entries WHERE key = :key AND ${live}`,
  )
  // One statement for both conditions: where there is no live entry, the subquery's result is null.
  const replace = database.prepare(`
    INSERT OR REPLACE INTO entries (key, value, expires_at)
    SELECT :key, :value, :expiresAt
    WHERE :ifVersion IS (SELECT CAST(id AS TEXT) FROM entries WHERE key = :key AND ${live})`)
  const remove = database.prepare(
    `DELETE FROM entries WHERE key = :key AND CAST(id AS TEXT) = :ifVersion AND ${live}`,
  )
  // A range of the key's index, not LIKE, which has wildcards. No UTF-8 text contains the byte FF, so that the prefix
  // followed by it is greater than all keys with that prefix, and less than all others that come after.
  const range = database.prepare(`
    SELECT key FROM entries
    WHERE key >= max(:prefix, coalesce(:cursor, :prefix)) AND key IS NOT :cursor
      AND key < :prefix || CAST(x'ff' AS TEXT) AND ${live}
    ORDER BY key LIMIT :limit`)
  const sweep = database.prepare(`
    DELETE FROM entries
    WHERE id IN (SELECT id FROM entries WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)`)

  function run<T>(operation: (now: number) => T): Promise<T> {
    return untilUnlocked(lockTimeout, () => {
      if (closed) throw new Error(`sqlite: ${path} was closed`)
      return operation(Math.floor(clock.now() / 1000))
    })
  }

  return {
    get: (key: string): Promise<StoredValue | undefined> =>
      run((now) => {
        const row = select.get({ key, now })
        return row && { value: String(row.value), version: String(row.version) }
      }),

    put: (key: string, value: string, { ifVersion, expiresAt }: PutOptions): Promise<string | undefined> =>
      run((now) => {
        // Before the write, so that a write whose sweep fails has not happened.
        writes++
        if (writes % writesPerSweep === 0) sweep.run({ limit: removedPerSweep, now })
        const { changes, lastInsertRowid } = replace.run({
          key,
          value,
          ifVersion,
          expiresAt: expiresAt ?? null,
          now,
        })
        return Number(changes) === 0 ? undefined : String(lastInsertRowid)
      }),

    delete: (key: string, { ifVersion }: { ifVersion: string }): Promise<boolean> =>
      run((now) => Number(remove.run({ key, ifVersion, now }).changes) > 0),

    list: (prefix: string, { cursor, limit = defaultPageSize }: ListOptions = {}): Promise<KeyPage> =>
      run((now) => {
        const size = Math.max(1, limit)
        const rows = range.all({ prefix, cursor: cursor ?? null, limit: size, now })
        const keys = rows.map(({ key }) => String(key))
        const last = keys.at(-1)
        return last === undefined || keys.length < size ? { keys } : { keys, cursor: last }
      }),

    purge: (limit: number): Promise<number> => run((now) => Number(sweep.run({ limit, now }).changes)),

    async close(): Promise<void> {
      if (closed) return
      closed = true
      database.close()
    },
  }
}
