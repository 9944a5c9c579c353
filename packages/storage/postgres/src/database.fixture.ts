import { randomUUID } from 'node:crypto'
import { Pool, type PoolConfig } from 'pg'

const given = process.env.DATABASE_URL
export const databaseUrl: string = given ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Whether to skip what needs a PostgreSQL; never in CI nor when one was named, where its absence must fail. */
export async function skipWithoutPostgres(what: string): Promise<boolean> {
  if (await answers()) return false
  const { host } = new URL(databaseUrl)
  if (process.env.CI || given) throw new Error(`No PostgreSQL answers at ${host}, to test: ${what}.`)
  console.warn(
    `\n  SKIPPED, not tested: ${what}. Start a PostgreSQL at ${host} that trusts the user postgres, or set DATABASE_URL to one where you are a superuser.\n`,
  )
  return true
}

/** A schema of our own, in a database that may be somebody's. */
export interface TestSchema {
  name: string
  /** A pool that ends with the schema. */
  pool(config?: PoolConfig): Pool
  /** A table name that was not used before. */
  unusedTable(): string
  drop(): Promise<void>
}

export async function openTestSchema(): Promise<TestSchema> {
  const name = `drawbridge_test_${randomUUID()}`
  const pools: Pool[] = []
  const pool = (config: PoolConfig = {}) => {
    const opened = new Pool({ connectionString: databaseUrl, ...config })
    pools.push(opened)
    return opened
  }
  const owner = pool({ max: 1 })
  await owner.query(`CREATE SCHEMA "${name}"`)
  let tables = 0
  return {
    name,
    pool,
    unusedTable: () => `entries_${tables++}`,
    async drop() {
      await owner.query(`DROP SCHEMA "${name}" CASCADE`)
      await Promise.all(pools.map((each) => each.end()))
    },
  }
}

async function answers(): Promise<boolean> {
  const pool = new Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 2000 })
  try {
    await pool.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await pool.end()
  }
}
