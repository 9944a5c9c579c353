import { ConfigurationError } from '@drawbridge/core/storage'
import { checkBinding, type D1Binding } from './database.ts'

export const table = 'drawbridge_entries'

/**
 * Versions are random and not counted: a database that is set back in time (Time Travel) would count the same ones again.
 * Texts compare by their bytes, so that keys with a common beginning are one range of the table.
 */
const statements = [
  `CREATE TABLE IF NOT EXISTS ${table} (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  version TEXT NOT NULL,
  expires_at INTEGER -- Unix seconds
) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS ${table}_by_expiry
  ON ${table} (expires_at) WHERE expires_at IS NOT NULL`,
]

/**
 * The SQL that creates the table, for `wrangler d1 migrations`. Changes nothing that exists.
 *
 * @example
 * ```ts
 * writeFileSync('migrations/0001_drawbridge.sql', schemaSql())
 * ```
 */
export function schemaSql(): string {
  return `${statements.join(';\n')};\n`
}

/**
 * Creates the table where it does not exist yet, by the same SQL; for tests, and for whoever has no migrations.
 *
 * @throws {ConfigurationError} for what is no D1 binding
 * @example
 * ```ts
 * await createSchema(env.DB)
 * ```
 */
export async function createSchema(database: D1Binding): Promise<void> {
  checkBinding(database)
  await database.batch(statements.map((statement) => database.prepare(statement)))
}

/** What to do about D1's error, where it is that the table is missing. */
export function missingTable(error: unknown): ConfigurationError | undefined {
  if (!String(error).includes(`no such table: ${table}`)) return undefined
  return new ConfigurationError(
    'd1.database',
    `has no table ${table}`,
    'Put the SQL of `schemaSql()` into a migration and run `wrangler d1 migrations apply`, or call `await createSchema(database)`.',
  )
}
