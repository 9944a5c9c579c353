import { DatabaseSync } from 'node:sqlite'
import { ConfigurationError } from '@drawbridge/core/storage'
import { busy, resultCode } from './busy.ts'

/** "Drbr", so that a file of another application is recognised as such. */
const applicationId = 0x44726272

/**
 * What each version of the schema adds to the one before; `PRAGMA user_version` counts them.
 *
 * An entry's id is its version. AUTOINCREMENT never gives an id twice, also not after deletes, restarts, or to another
 * process, and replacing an entry gives it a new one.
 */
const migrations = [
  `CREATE TABLE entries (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     expires_at INTEGER,
     value TEXT NOT NULL
   ) STRICT;
   CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;`,
]

/** Milliseconds. Nothing is served yet, so that opening may block for longer. */
const openingTimeout = 5000
/** Milliseconds SQLite itself waits for a lock. Short, since it blocks this process; `untilUnlocked` does the rest. */
const lockTimeout = 10

const fixes: Record<number, string> = {
  8: 'Let this process write to the file and to its directory.',
  11: 'Restore the file from a backup, or name a new one: all users then sign in again.',
  13: 'Make room on that disk.',
  14: 'Name a file in a directory that exists and that this process may write to.',
  26: 'Name a file that is an SQLite database, or does not exist yet.',
}

/**
 * Opens the database, creating or upgrading it as needed.
 *
 * @throws {ConfigurationError} when this is not possible, or the file belongs to another application
 */
export function openDatabase(path: string | undefined): DatabaseSync {
  if (!path) throw new ConfigurationError('sqlite.path', 'missing', "Name a file, such as 'auth.db'.")
  if (path === ':memory:') {
    throw new ConfigurationError(
      'sqlite.path',
      "':memory:' keeps nothing",
      'Name a file, or use memory() of @drawbridge/core.',
    )
  }
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec(`PRAGMA busy_timeout = ${openingTimeout}; PRAGMA synchronous = FULL`)
    migrate(database, path)
    enterWriteAheadLog(database, path)
    database.exec(`PRAGMA busy_timeout = ${lockTimeout}`)
    return database
  } catch (error) {
    // Also rolls back what was begun.
    database?.close()
    const code = resultCode(error)
    if (code === busy) throw new Error(`sqlite: ${path} is locked by another process`, { cause: error })
    if (code === undefined || !(error instanceof Error)) throw error
    const fix = fixes[code] ?? 'Name another file.'
    throw new ConfigurationError('sqlite.path', `cannot open '${path}': ${error.message}`, fix)
  }
}

/** In one transaction, so that of several processes that start together one creates the tables. */
function migrate(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE')
  const version = pragma(database, 'user_version')
  const owner = pragma(database, 'application_id')
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {}
  if (owner !== applicationId && (owner !== 0 || version !== 0 || tables !== 0)) {
    throw new ConfigurationError(
      'sqlite.path',
      `'${path}' is a database of another application`,
      'Give Drawbridge a file of its own.',
    )
  }
  if (version > migrations.length) {
    throw new ConfigurationError(
      'sqlite.path',
      `'${path}' was written by a newer version of @drawbridge/sqlite`,
      'Upgrade this package, or name another file.',
    )
  }
  for (const migration of migrations.slice(version)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
  database.exec('COMMIT')
}

/** With a write-ahead log, readers and the one writer do not block each other. */
function enterWriteAheadLog(database: DatabaseSync, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (mode === 'wal') return
  throw new ConfigurationError(
    'sqlite.path',
    `'${path}' is where no write-ahead log is possible (journal mode ${mode})`,
    'Name a file on a local disk.',
  )
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
