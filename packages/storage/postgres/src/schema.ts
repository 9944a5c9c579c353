import { ConfigurationError } from '@drawbridge/core/storage'
import { checkPool, type PostgresPool } from './pool.ts'
import { checkTableOptions, type Table, type TableOptions, tableOf } from './table.ts'

/** The columns by name, as `inspect` finds them. */
const columns = 'expires_at bigint, key text, value text, version uuid'

/**
 * Statements sent together are one transaction, which holds this lock ("Drbr"). Reading a catalog then makes the session
 * notice what others created while it waited: without it, IF NOT EXISTS goes by what the session knew before.
 */
const lockStatements = `SELECT pg_advisory_xact_lock(${0x44726272});
SELECT FROM pg_namespace LIMIT 0;
`

/**
 * The SQL that creates the table, for migration tools; {@link createSchema} runs the same. Changes nothing that exists.
 *
 * @throws {ConfigurationError} when a name is empty or too long
 * @example
 * ```ts
 * writeFileSync('migrations/001-drawbridge.sql', schemaSql({ schema: 'auth' }))
 * ```
 */
export function schemaSql(options: TableOptions = {}): string {
  checkTableOptions('schemaSql()', options)
  const table = tableOf(options)
  return `${schemaStatement(table)}${tableStatements(table)}`
}

/**
 * Creates the table where it does not exist yet, and the schema if one is named. Call it before serving, on every
 * instance if you like: several at a time wait for each other, and where the table exists nothing is locked or changed.
 *
 * @param pool a pool whose role may create tables in that schema; once the table exists, any role
 * @throws {ConfigurationError} when the table exists and is not Drawbridge's
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await createSchema(pool)
 * ```
 */
export async function createSchema(pool: PostgresPool, options: TableOptions = {}): Promise<void> {
  checkPool(pool)
  checkTableOptions('createSchema(pool)', options)
  const table = tableOf(options)
  let found = await inspect(pool, table)
  if (found.columns === null) {
    // Not every role that may create tables in a schema is allowed CREATE SCHEMA, IF NOT EXISTS or otherwise.
    const schema = found.schemaExists ? '' : schemaStatement(table)
    await pool.query({ text: `${lockStatements}${schema}${tableStatements(table)}` })
    found = await inspect(pool, table)
  }
  if (found.columns !== columns) {
    throw new ConfigurationError(
      'postgres.table',
      `${table.table} is the table of another application, with the columns ${found.columns}`,
      'Give Drawbridge a table of its own.',
    )
  }
}

function schemaStatement({ schema }: Table): string {
  return schema === undefined ? '' : `CREATE SCHEMA IF NOT EXISTS ${schema};\n`
}

/**
 * Keys in the order of their bytes, so that those with a common prefix are one range of the index in any locale.
 *
 * Versions are random and not counted: a sequence starts again after a restore from a backup, and is not part of
 * logical replication.
 */
function tableStatements({ table, index }: Table): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  version uuid NOT NULL DEFAULT gen_random_uuid(),
  expires_at bigint -- Unix seconds
);
CREATE INDEX IF NOT EXISTS ${index}
  ON ${table} (expires_at) WHERE expires_at IS NOT NULL;
`
}

/** What is there. `columns` is `null` when there is no such table. */
async function inspect(
  pool: PostgresPool,
  { schema, table }: Table,
): Promise<{ schemaExists: boolean; columns: unknown }> {
  const { rows } = await pool.query({
    text: `
      SELECT to_regnamespace($1) IS NOT NULL AS schema_exists,
        (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attname)
         FROM pg_attribute
         WHERE attrelid = to_regclass($2) AND attnum > 0 AND NOT attisdropped) AS columns`,
    values: [schema ?? null, table],
  })
  return { schemaExists: rows[0]?.schema_exists === true, columns: rows[0]?.columns }
}
