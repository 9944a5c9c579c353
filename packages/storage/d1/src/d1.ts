import {
  type Clock,
  checkCall,
  type KeyPage,
  type ListOptions,
  type LogOption,
  type PutOptions,
  type Storage,
  type StoredValue,
  systemClock,
  tellOperator,
} from '@drawbridge/core/storage'
import { checkBinding, type D1Binding, type D1Statement, type Row } from './database.ts'
import { missingTable, table } from './schema.ts'

/** Options of {@link d1}. */
export interface D1Options {
  /** The binding itself, such as `env.DB`, and no session of it: all reads have to see all writes. */
  database: D1Binding
  /** Takes the line that says that the table is missing. Default: the standard error. `false`: nowhere. */
  log?: LogOption | undefined
  /** Where the time comes from that expiries are compared with. Default: the system's clock. */
  clock?: Clock | undefined
}

/** Every so many writes, up to so many expired entries are removed: more than can have been added since. */
const writesPerSweep = 50
const removedPerSweep = 100

const isLive = '(expires_at IS NULL OR expires_at > ?)'
const select = `SELECT value, version FROM ${table} WHERE key = ? AND ${isLive}`
// An expired entry is still in the way of an INSERT, and the first to come replaces it.
const create = `
  INSERT INTO ${table} (key, value, expires_at, version) VALUES (?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE
  SET value = excluded.value, expires_at = excluded.expires_at, version = excluded.version
  WHERE ${table}.expires_at <= ?
  RETURNING version`
const replace = `
  UPDATE ${table} SET value = ?, expires_at = ?, version = ?
  WHERE key = ? AND version = ? AND ${isLive}
  RETURNING version`
const remove = `DELETE FROM ${table} WHERE key = ? AND version = ? AND ${isLive} RETURNING key`
// A range of the key's index, not LIKE, which has wildcards. No UTF-8 text contains the byte FF, so that the prefix
// followed by it is greater than all keys with that prefix, and less than all others that come after.
const range = `
  SELECT key FROM ${table}
  WHERE key >= ? AND key > ? AND key < ? || CAST(x'ff' AS TEXT) AND ${isLive}
  ORDER BY key LIMIT ?`
const sweep = `
  DELETE FROM ${table}
  WHERE key IN (SELECT key FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
  RETURNING key`

/**
 * Storage in Cloudflare D1, for Workers: shared by all places where the Worker runs, and kept when it is deployed anew.
 * Every write is one statement with its condition, which D1 runs at the primary.
 *
 * Later writes remove what has expired; `purge` is only needed where little is written.
 *
 * Operations reject with D1's error when it is out of reach or overloaded: a caller that sees one knows nothing of its
 * write, and reads again. D1 itself repeats only reads.
 *
 * @throws {ConfigurationError} when `database` is no D1 binding, or a session of one
 * @example
 * ```ts
 * import { env } from 'cloudflare:workers'
 * const auth = oauthProxy({ issuer, secret: env.SECRET, provider, storage: d1({ database: env.DB }) })
 * ```
 */
export function d1(options: D1Options): Storage {
  checkCall<D1Options>(
    'd1({ database: env.DB })',
    options,
    { database: true, log: true, clock: 'clock' },
    'd1.',
  )
  checkBinding(options.database)
  const { database, clock = systemClock } = options
  let isTold = false
  // Workers come and go: many never write that often.
  let writes = Math.floor(Math.random() * writesPerSweep)

  const now = () => Math.floor(clock.now() / 1000)
  const statement = (query: string, ...values: unknown[]) => database.prepare(query).bind(...values)

  async function run(...statements: [D1Statement, ...D1Statement[]]): Promise<Row[]> {
    try {
      // A batch is one transaction, and one way to D1 and back.
      const [last] =
        statements.length === 1 ? [await statements[0].all()] : (await database.batch(statements)).slice(-1)
      if (!last) throw new Error('d1: the database answered nothing')
      return last.results as Row[]
    } catch (error) {
      const explanation = missingTable(error)
      if (!explanation) throw error
      // Whoever made the request is only told that the storage fails.
      if (!isTold) tellOperator(options.log, explanation.message)
      isTold = true
      throw explanation
    }
  }

  return {
    async get(key: string): Promise<StoredValue | undefined> {
      const [row] = await run(statement(select, key, now()))
      return row && { value: String(row.value), version: String(row.version) }
    },

    async put(key: string, value: string, { ifVersion, expiresAt }: PutOptions): Promise<string | undefined> {
      const version = crypto.randomUUID()
      const end = expiresAt ?? null
      const write =
        ifVersion === null
          ? statement(create, key, value, end, version, now())
          : statement(replace, value, end, version, key, ifVersion, now())
      writes++
      const isSweeping = writes % writesPerSweep === 0
      const rows = await (isSweeping ? run(statement(sweep, now(), removedPerSweep), write) : run(write))
      return rows.length === 0 ? undefined : version
    },

    async delete(key: string, { ifVersion }: { ifVersion: string }): Promise<boolean> {
      return (await run(statement(remove, key, ifVersion, now()))).length > 0
    },

    async list(prefix: string, { cursor = '', limit = 100 }: ListOptions = {}): Promise<KeyPage> {
      const size = Math.max(1, limit)
      const rows = await run(statement(range, prefix, cursor, prefix, now(), size))
      const keys = rows.map(({ key }) => String(key))
      const last = keys.at(-1)
      return last === undefined || keys.length < size ? { keys } : { keys, cursor: last }
    },

    async purge(limit: number): Promise<number> {
      return (await run(statement(sweep, now(), limit))).length
    },

    async check(): Promise<void> {
      await run(statement(select, '', now()))
    },
  }
}
