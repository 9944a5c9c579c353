import { ConfigurationError, inWords } from '@drawbridge/core/storage'

/** A D1 binding, such as `env.DB`, as far as it is used here. That of `@cloudflare/workers-types` or `wrangler types` fits. */
export interface D1Binding {
  prepare(query: string): D1Statement
  batch(statements: D1Statement[]): Promise<D1Answer[]>
}

/** One statement of a {@link D1Binding}. */
export interface D1Statement {
  bind(...values: unknown[]): D1Statement
  all(): Promise<D1Answer>
}

/** What a statement came to. */
export interface D1Answer {
  results: unknown[]
}

/** A row that was asked for: each column is a text. */
export type Row = Readonly<Record<string, string>>

/** @throws {ConfigurationError} for what is no binding, and for a session of one */
export function checkBinding(database: unknown): void {
  if (database === undefined || database === null) {
    throw new ConfigurationError(
      'd1.database',
      'is missing',
      'Pass the binding, such as `env.DB`; its name is in `d1_databases` of wrangler.jsonc.',
    )
  }
  const { prepare, batch, getBookmark } = Object(database) as Record<string, unknown>
  if (typeof prepare !== 'function' || typeof batch !== 'function') {
    throw new ConfigurationError(
      'd1.database',
      `is ${inWords(database)} and no D1 binding`,
      'Pass the binding, such as `env.DB`.',
    )
  }
  if (typeof getBookmark === 'function') {
    throw new ConfigurationError(
      'd1.database',
      'is a session, which may read from a replica that does not know yet what was revoked',
      'Pass the binding itself, without `withSession()`.',
    )
  }
}
