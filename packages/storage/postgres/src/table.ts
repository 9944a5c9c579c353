import { ConfigurationError, checkCall } from '@drawbridge/core/storage'

/** Which table the entries are in. */
export interface TableOptions {
  /** Default: the first schema of the role's search path, usually `public`. */
  schema?: string | undefined
  /** Default `drawbridge_entries`. Servers with the same table are instances of one server. */
  table?: string | undefined
}

/** Names as they are written in SQL. */
export interface Table {
  schema: string | undefined
  /** With its schema, if there is one. */
  table: string
  /** Stands in the table's schema. */
  index: string
  /** As they are. */
  names: { schema: string | undefined; table: string }
}

/** Bytes; PostgreSQL cuts off the rest. */
const longestName = 63
const indexSuffix = '_by_expiry'

/** @throws {ConfigurationError} for an option that does not exist */
export function checkTableOptions(example: string, options: TableOptions): void {
  checkCall<TableOptions>(example, options, { schema: 'text', table: 'text' }, 'postgres.')
}

/**
 * @throws {ConfigurationError} when a name is empty or too long
 */
export function tableOf(options: TableOptions): Table {
  const { schema, table = 'drawbridge_entries' } = options
  checkName('postgres.schema', schema, longestName)
  // Cut off, the index would have the name of its table.
  checkName('postgres.table', table, longestName - indexSuffix.length)
  const quotedSchema = schema === undefined ? undefined : quoted(schema)
  return {
    schema: quotedSchema,
    table: quotedSchema === undefined ? quoted(table) : `${quotedSchema}.${quoted(table)}`,
    index: quoted(table + indexSuffix),
    names: { schema, table },
  }
}

function checkName(option: string, name: string | undefined, longest: number): void {
  if (name === undefined) return
  if (name !== '' && !name.includes('\0') && new TextEncoder().encode(name).length <= longest) return
  throw new ConfigurationError(option, `'${name}' is no possible name`, `Use between 1 and ${longest} bytes.`)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
