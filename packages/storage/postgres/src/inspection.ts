import type { PostgresResult } from './pool.ts'
import type { Table } from './table.ts'

/** Runs one statement. */
export type Query = (text: string, values: unknown[]) => Promise<PostgresResult>

/** Either lets a server confirm what is not on its disk. */
export const durability = ['synchronous_commit', 'fsync'] as const

/** Where a pool leads, and what its role may do there. Names are quoted; rights are a list as GRANT has it, or empty. */
export interface Found {
  isReplica: boolean
  isReadOnly: boolean
  encoding: string
  database: string
  role: string
  /** The one that is named, else the first of the search path; `undefined` when there is none. */
  schema: string | undefined
  hasTable: boolean
  isUnlogged: boolean
  /** By name. */
  columns: string
  /** Settings that are off. */
  off: readonly string[]
  lacks: {
    /** On the database, to create a schema. */
    onDatabase: string
    /** On the schema, to create a table. */
    toCreate: string
    /** On the schema, to serve. */
    onSchema: string
    /** On the table, to serve. */
    onTable: string
  }
}

/**
 * `$1` is the schema or null, `$2` the table. Both are looked up in the catalogs, which everybody may read: to_regclass()
 * of a schema that the role may not use is an error that does not name the role.
 */
const statement = `
  SELECT pg_is_in_recovery() AS is_replica,
    current_setting('transaction_read_only') AS read_only,
    current_setting('server_encoding') AS encoding,
    ${durability.map((setting) => `current_setting('${setting}') AS ${setting}`).join(',\n    ')},
    quote_ident(current_database()) AS database,
    quote_ident(current_user) AS role,
    quote_ident(home.nspname) AS schema,
    entries.oid IS NOT NULL AS has_table,
    entries.relpersistence = 'u' AS is_unlogged,
    (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attname)
     FROM pg_attribute
     WHERE attrelid = entries.oid AND attnum > 0 AND NOT attisdropped) AS columns,
    ${lacking('has_database_privilege(current_database()', 'CREATE')} AS lacks_on_database,
    ${lacking('has_schema_privilege(home.oid', 'USAGE', 'CREATE')} AS lacks_to_create,
    ${lacking('has_schema_privilege(home.oid', 'USAGE')} AS lacks_on_schema,
    ${lacking('has_table_privilege(entries.oid', 'SELECT', 'INSERT', 'UPDATE', 'DELETE')} AS lacks_on_table
  FROM (SELECT) AS this
  LEFT JOIN pg_namespace AS home ON home.nspname = coalesce($1::name, current_schema())
  LEFT JOIN pg_class AS entries ON entries.relname = $2::name
    AND CASE WHEN $1::name IS NULL THEN pg_table_is_visible(entries.oid) ELSE entries.relnamespace = home.oid END`

export async function inspect(query: Query, { names }: Table): Promise<Found> {
  const { rows } = await query(statement, [names.schema ?? null, names.table])
  const row = rows[0] ?? {}
  const text = (name: string) => String(row[name] ?? '')
  return {
    isReplica: row.is_replica === true,
    isReadOnly: row.read_only === 'on',
    encoding: text('encoding'),
    database: text('database'),
    role: text('role'),
    schema: row.schema === null ? undefined : text('schema'),
    hasTable: row.has_table === true,
    isUnlogged: row.is_unlogged === true,
    columns: text('columns'),
    off: durability.filter((setting) => row[setting] === 'off'),
    lacks: {
      onDatabase: text('lacks_on_database'),
      toCreate: text('lacks_to_create'),
      onSchema: text('lacks_on_schema'),
      onTable: text('lacks_on_table'),
    },
  }
}

/** @param has the beginning of a call that says whether there is a right */
function lacking(has: string, ...rights: string[]): string {
  return `concat_ws(', ', ${rights.map((right) => `CASE WHEN NOT ${has}, '${right}') THEN '${right}' END`).join(', ')})`
}
