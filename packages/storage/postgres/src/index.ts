import {
  type Clock,
  ConfigurationError,
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
import { checkDatabase, missingTable } from './check.ts'
import { checkPool, errorCode, type PostgresPool, queryWithin } from './pool.ts'
import { type TableOptions, tableOf } from './table.ts'

export type { PostgresPool, PostgresQuery, PostgresResult } from './pool.ts'
export { createSchema, schemaSql } from './schema.ts'
export type { TableOptions } from './table.ts'

/** Options of {@link postgres}. */
export interface PostgresOptions extends TableOptions {
  /**
   * A `Pool` of node-postgres to the primary, not a single `Client`: only a pool replaces lost connections. It stays
   * yours: end it when you are done.
   */
  pool: PostgresPool
  /** Seconds to wait for a connection and an answer before an operation fails. Default 2. */
  timeout?: number | undefined
  /** Takes each line about the configuration that an operator should see. Default: the standard error. `false`: nowhere. */
  log?: LogOption | undefined
  /** Where the time comes from that expiries are compared with. Default: the system's clock. */
  clock?: Clock | undefined
}

const defaultPageSize = 100
const undefinedTable = '42P01'

/**
 * Storage in a table of PostgreSQL, 13 or later, shared by any number of instances. Create the table once with
 * {@link createSchema}.
 *
 * Each operation is one statement and leaves nothing behind in its session, so that a pooler in between may give every
 * statement to another connection.
 *
 * An operation rejects after `timeout`, when the connection was lost, and when the server refused. In the first two
 * cases it is unknown whether a write took effect, so nothing is tried again here. Listens to the pool's errors unless
 * you do, so that losing an idle connection does not end the process.
 *
 * `check`, which `auth.ready()` asks, rejects with a {@link ConfigurationError} for a replica, a read-only session, an
 * encoding other than UTF-8, a table that is missing, somebody else's or UNLOGGED, and missing rights.
 *
 * @throws {ConfigurationError} when an option is missing or wrong; later, from each operation, when there is no table
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await createSchema(pool)
 *
 * const auth = oauthProxy({ issuer, secret, provider, storage: postgres({ pool }) })
 * ```
 */
export function postgres(options: PostgresOptions): Storage {
  checkCall<PostgresOptions>(
    'postgres({ pool })',
    options,
    { pool: true, timeout: 'number', schema: 'text', table: 'text', log: true, clock: 'clock' },
    'postgres.',
  )
  const { pool, timeout = 2, clock = systemClock } = options
  checkPool(pool)
  if (!(timeout > 0 && timeout <= 60)) {
    throw new ConfigurationError(
      'postgres.timeout',
      `${timeout} is not a number of seconds up to 60`,
      'Leave it out for 2.',
    )
  }
  const names = tableOf(options)
  const { table } = names
  const told = new Set<string>()
  // The pool emits an error for each idle connection that is lost, and has dropped it by then. Without a listener, that
  // would end the process.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', () => {})

  const select = `
    SELECT value, version::text FROM ${table}
    WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)`
  // An expired entry is still in the way of an INSERT, and the first to come replaces it.
  const create = `
    INSERT INTO ${table} AS entry (key, value, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE
    SET value = excluded.value, expires_at = excluded.expires_at, version = excluded.version
    WHERE entry.expires_at <= $4
    RETURNING version::text`
  const replace = `
    UPDATE ${table} SET value = $2, expires_at = $3, version = DEFAULT
    WHERE key = $1 AND version::text = $5 AND (expires_at IS NULL OR expires_at > $4)
    RETURNING version::text`
  const remove = `
    DELETE FROM ${table}
    WHERE key = $1 AND version::text = $2 AND (expires_at IS NULL OR expires_at > $3)`
  // A range of the key's index, not LIKE, which has wildcards.
  const range = `
    SELECT key FROM ${table}
    WHERE key >= $1 AND ($2::text IS NULL OR key < $2) AND key > $3
      AND (expires_at IS NULL OR expires_at > $4)
    ORDER BY key LIMIT $5`
  // ARRAY, and not IN: the subquery must run once, since each time it would find further rows. What others are about to
  // change is left to the next sweep.
  const sweep = `
    DELETE FROM ${table}
    WHERE key = ANY (ARRAY(
      SELECT key FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))`

  async function run(statement: string, values: unknown[]) {
    try {
      return await queryWithin(timeout, pool, statement, values)
    } catch (error) {
      if (errorCode(error) !== undefinedTable) throw error
      const missing = missingTable(table)
      // Whoever made the request is only told that the storage fails.
      tellOnce(missing.message)
      throw missing
    }
  }

  function tellOnce(message: string): void {
    if (told.has(message)) return
    told.add(message)
    tellOperator(options.log, message)
  }

  const now = () => Math.floor(clock.now() / 1000)

  return {
    async get(key: string): Promise<StoredValue | undefined> {
      const [row] = (await run(select, [key, now()])).rows
      return row && { value: String(row.value), version: String(row.version) }
    },

    async put(key: string, value: string, { ifVersion, expiresAt }: PutOptions): Promise<string | undefined> {
      const values = [key, value, expiresAt ?? null, now()]
      const { rows } = await (ifVersion === null ? run(create, values) : run(replace, [...values, ifVersion]))
      return rows[0] && String(rows[0].version)
    },

    async delete(key: string, { ifVersion }: { ifVersion: string }): Promise<boolean> {
      return (await run(remove, [key, ifVersion, now()])).rowCount === 1
    },

    async list(prefix: string, { cursor = '', limit = defaultPageSize }: ListOptions = {}): Promise<KeyPage> {
      const size = Math.max(1, limit)
      const { rows } = await run(range, [prefix, following(prefix), cursor, now(), size])
      const keys = rows.map(({ key }) => String(key))
      const last = keys.at(-1)
      return last === undefined || keys.length < size ? { keys } : { keys, cursor: last }
    },

    async purge(limit: number): Promise<number> {
      return (await run(sweep, [now(), limit])).rowCount ?? 0
    },

    check: (): Promise<void> => checkDatabase(run, names, tellOnce),
  }
}

/** The first text that comes after all with this prefix: with its last character increased. `null` for "none does". */
function following(prefix: string): string | null {
  const characters = [...prefix]
  for (;;) {
    const code = characters.pop()?.codePointAt(0)
    if (code === undefined) return null
    // What UTF-8 has no bytes for is left out.
    const next = code === 0xd7ff ? 0xe000 : code + 1
    if (next <= 0x10ffff) return characters.join('') + String.fromCodePoint(next)
  }
}
