import { ConfigurationError } from '@drawbridge/core/storage'
import { errorCode, type PostgresResult } from './pool.ts'
import type { Table } from './table.ts'

const insufficientPrivilege = '42501'
const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const
/** Either lets a server confirm what is not on its disk. */
const durability = ['synchronous_commit', 'fsync'] as const

/** `$1`: the table. What is asked of one that does not exist is null. */
const statement = `
  SELECT pg_is_in_recovery() AS is_replica,
    current_setting('transaction_read_only') AS read_only,
    to_regclass($1) IS NOT NULL AS has_table,
    quote_ident(current_user) AS role,
    ${rights.map((right) => `has_table_privilege(to_regclass($1), '${right}') AS may_${right.toLowerCase()}`).join(',\n    ')},
    ${durability.map((setting) => `current_setting('${setting}') AS ${setting}`).join(',\n    ')}`

/**
 * Looks at whether records can be written there, and will be kept.
 *
 * @param query runs one statement
 * @param warn is told of what works, and loses records when the server crashes
 * @throws {ConfigurationError} for a replica, a read-only session, a missing table, and missing rights
 */
export async function checkDatabase(
  query: (text: string, values: unknown[]) => Promise<PostgresResult>,
  { schema, table }: Table,
  warn: (message: string) => void,
): Promise<void> {
  const { rows } = await query(statement, [table]).catch((error: unknown) => {
    // That of the schema: without it, nobody even says whether there is a table.
    if (errorCode(error) !== insufficientPrivilege || schema === undefined) throw error
    const got = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError(
      'postgres.pool',
      got,
      `Let its role in: \`GRANT USAGE ON SCHEMA ${schema}\`.`,
    )
  })
  const found = rows[0] ?? {}
  if (found.is_replica === true) {
    throw new ConfigurationError(
      'postgres.pool',
      'leads to a replica',
      'Connect it to the primary: a replica takes no writes, and may not know yet what was revoked.',
    )
  }
  if (found.read_only === 'on') {
    throw new ConfigurationError(
      'postgres.pool',
      'its sessions are read-only',
      'Look for `default_transaction_read_only`, on the role, the database, the server or in the connection string, and set it to off.',
    )
  }
  if (found.has_table !== true) throw missingTable(table)
  const lacking = rights.filter((right) => found[`may_${right.toLowerCase()}`] !== true).join(', ')
  if (lacking !== '') {
    throw new ConfigurationError(
      'postgres.pool',
      `its role ${found.role} lacks ${lacking}`,
      `\`GRANT ${lacking} ON ${table} TO ${found.role}\` gives it what it needs.`,
    )
  }
  for (const setting of durability) {
    if (found[setting] !== 'off') continue
    warn(
      `postgres.pool: ${setting} is off, so that a crash of the server loses what was confirmed: a token that was revoked may be good again. Set it to on.`,
    )
  }
}

export function missingTable(table: string): ConfigurationError {
  return new ConfigurationError(
    'postgres.table',
    `${table} does not exist`,
    'Create it with `await createSchema(pool)`, or the SQL of `schemaSql()`; both take `schema` and `table`.',
  )
}
