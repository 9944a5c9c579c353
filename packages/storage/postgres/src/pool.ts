import { ConfigurationError, inWords } from '@drawbridge/core/storage'

/** What is used of a pool of connections: node-postgres's `Pool`, or one that has the same methods. */
export interface PostgresPool {
  query(query: PostgresQuery): Promise<PostgresResult>
  on?(event: 'error', listener: (error: Error) => void): unknown
  listenerCount?(event: 'error'): number
}

/** @throws {ConfigurationError} for what is no pool */
export function checkPool(pool: PostgresPool): void {
  if (typeof Object(pool).query === 'function') return
  throw new ConfigurationError(
    'postgres.pool',
    `is ${inWords(pool)}`,
    'Pass a Pool of node-postgres: `new Pool({ connectionString: process.env.DATABASE_URL })`.',
  )
}

/** A statement, never with a name: named ones live in one session. */
export interface PostgresQuery {
  text: string
  values?: unknown[]
  /** Milliseconds. */
  query_timeout?: number
}

export interface PostgresResult {
  rows: Record<string, unknown>[]
  rowCount: number | null
}

/**
 * Runs a statement, with a limit for waiting for a connection and for the answer together.
 *
 * @param seconds real ones, whatever clock the store has
 */
export async function queryWithin(
  seconds: number,
  pool: PostgresPool,
  text: string,
  values: unknown[],
): Promise<PostgresResult> {
  const milliseconds = seconds * 1000
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    const message = `postgres: no answer within ${seconds} s; whether a write took effect is unknown`
    timer = setTimeout(() => reject(new Error(message)), milliseconds)
  })
  try {
    // The pool's own limit ends the connection, too: nothing may ever come through it again.
    return await Promise.race([pool.query({ text, values, query_timeout: milliseconds }), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** PostgreSQL's five-character code, when the error is one of its own. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
