import { ConfigurationError } from '@drawbridge/core/storage'
import { checkRights, checkTable, checkWritable } from './check.ts'
import { type Found, inspect } from './inspection.ts'
import { checkPool, type PostgresPool } from './pool.ts'
import { checkTableOptions, type Table, type TableOptions, tableOf } from './table.ts'

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
 * @throws {ConfigurationError} when the table exists and is not Drawbridge's or is UNLOGGED, and when it cannot be created: on
 *   a replica, in a read-only session or an encoding other than UTF-8, or without the rights
 * @example
 * ```ts
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await createSchema(pool)
 * ```
 */
export async function createSchema(pool: PostgresPool, options: TableOptions = {}): Promise<void> {
  checkPool(pool)
  checkTableOptions('createSchema(pool)', options)
  const names = tableOf(options)
  const look = () => inspect((text, values) => pool.query({ text, values }), names)
  let found = await look()
  if (!found.hasTable) {
    checkWritable(found)
    checkMayCreate(found, names)
    // Not every role that may create tables in a schema is allowed CREATE SCHEMA, IF NOT EXISTS or otherwise.
    const schema = found.schema === undefined ? schemaStatement(names) : ''
    await pool.query({ text: `${lockStatements}${schema}${tableStatements(names)}` })
    found = await look()
  }
  checkTable(found, names.table)
}

function checkMayCreate(found: Found, { schema }: Table): void {
  const { database, lacks, role } = found
  if (found.schema === undefined && schema === undefined) {
    throw new ConfigurationError(
      'postgres.schema',
      `is left out, and the search path of the role ${role} leads to no schema that it may use`,
      'Name one as `schema`, here and for postgres().',
    )
  }
  const needed =
    found.schema === undefined
      ? { rights: lacks.onDatabase, on: `DATABASE ${database}` }
      : { rights: lacks.toCreate, on: `SCHEMA ${schema ?? found.schema}` }
  checkRights(found, [needed], ' Or run the SQL of `schemaSql()` as a role that may.')
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
