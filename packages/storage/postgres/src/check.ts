import { ConfigurationError } from '@drawbridge/core/storage'
import { type Found, inspect, type Query } from './inspection.ts'
import type { Table } from './table.ts'

/** The columns of our table by name, as {@link inspect} finds them. */
const ours = 'expires_at bigint, key text, value text, version uuid'

/**
 * Looks at whether records can be written there, and will be kept.
 *
 * @param warn is told of what works, and loses the last records when the server crashes
 * @throws {ConfigurationError} for a replica, a read-only session, an encoding other than UTF-8, a table that is missing,
 *   somebody else's or UNLOGGED, and missing rights
 */
export async function checkDatabase(
  query: Query,
  names: Table,
  warn: (message: string) => void,
): Promise<void> {
  const { schema, table } = names
  const found = await inspect(query, names)
  checkWritable(found)
  checkTable(found, table)
  checkRights(found, [
    { rights: found.lacks.onSchema, on: `SCHEMA ${schema ?? found.schema}` },
    { rights: found.lacks.onTable, on: table },
  ])
  for (const setting of found.off) {
    warn(
      `postgres.pool: ${setting} is off, so that a crash of the server loses what was confirmed: a token that was revoked may be good again. Set it to on.`,
    )
  }
}

/** @throws {ConfigurationError} for a replica, a read-only session, and an encoding other than UTF-8 */
export function checkWritable({ isReplica, isReadOnly, database, encoding }: Found): void {
  if (isReplica) {
    throw new ConfigurationError(
      'postgres.pool',
      'leads to a replica',
      'Connect it to the primary: a replica takes no writes, and may not know yet what was revoked.',
    )
  }
  if (isReadOnly) {
    throw new ConfigurationError(
      'postgres.pool',
      'its sessions are read-only',
      'Look for `default_transaction_read_only`, on the role, the database, the server or in the connection string, and set it to off.',
    )
  }
  if (encoding === 'UTF8') return
  throw new ConfigurationError(
    'postgres.pool',
    `leads to the database ${database}, whose encoding is ${encoding}`,
    "Connect it to one that has every character: `CREATE DATABASE drawbridge TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`.",
  )
}

/**
 * An UNLOGGED table is refused and not only told of: a crash takes all of it, clients and grants, and a replica that takes
 * over has none of it. Nobody has one by accident, and one statement keeps it.
 *
 * @throws {ConfigurationError} for a table that is missing, somebody else's or UNLOGGED
 */
export function checkTable({ hasTable, columns, isUnlogged }: Found, table: string): void {
  if (!hasTable) throw missingTable(table)
  if (columns !== ours) {
    throw new ConfigurationError(
      'postgres.table',
      `${table} is the table of another application, with the columns ${columns}`,
      'Give Drawbridge a table of its own.',
    )
  }
  if (!isUnlogged) return
  throw new ConfigurationError(
    'postgres.table',
    `${table} is UNLOGGED, so that a crash of the server empties it and signs everybody out`,
    `\`ALTER TABLE ${table} SET LOGGED\` keeps what is in it.`,
  )
}

/**
 * @param lacking the rights that are missing, empty for none, and on what, as GRANT has it
 * @throws {ConfigurationError} when any is missing, with the SQL that grants it
 */
export function checkRights(
  { role }: Found,
  lacking: readonly { rights: string; on: string }[],
  otherwise = '',
): void {
  const missing = lacking.filter(({ rights }) => rights !== '')
  if (missing.length === 0) return
  const grants = missing.map(({ rights, on }) => `GRANT ${rights} ON ${on} TO ${role}`)
  throw new ConfigurationError(
    'postgres.pool',
    `its role ${role} lacks ${missing.map(({ rights, on }) => `${rights} on ${on}`).join(' and ')}`,
    `\`${grants.join('; ')}\` gives it what it needs.${otherwise}`,
  )
}

export function missingTable(table: string): ConfigurationError {
  return new ConfigurationError(
    'postgres.table',
    `${table} does not exist`,
    'Create it with `await createSchema(pool)`, or the SQL of `schemaSql()`; both take `schema` and `table`.',
  )
}
