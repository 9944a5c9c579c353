import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasRedisServer, startRedis, startRedisCluster } from '@drawbridge/testing'
import { Pool } from 'pg'
import type { StoreAddress } from './stores.ts'

export type StoreKind = StoreAddress['kind']

/** A store of a test's own, empty, and gone afterwards. */
export interface TestStore {
  address: StoreAddress
  close(): Promise<void>
}

const named = process.env.DATABASE_URL
export const databaseUrl: string = named ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export async function openTestStore(kind: StoreKind): Promise<TestStore> {
  switch (kind) {
    case 'sqlite': {
      const folder = await mkdtemp(join(tmpdir(), 'drawbridge-e2e-'))
      return {
        address: { kind, path: join(folder, 'auth.db') },
        close: () => rm(folder, { recursive: true }),
      }
    }
    case 'redis': {
      const server = await startRedis()
      return { address: { kind, url: server.url }, close: server.stop }
    }
    case 'redis-cluster': {
      const { servers, stop } = await startRedisCluster()
      return { address: { kind, urls: servers.map(({ url }) => url) }, close: stop }
    }
    case 'postgres': {
      // The instances race for creating it.
      const schema = `drawbridge_e2e_${randomUUID()}`
      return { address: { kind, url: databaseUrl, schema }, close: () => dropSchema(schema) }
    }
  }
}

export async function dropSchema(schema: string): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 })
  await pool.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
  await pool.end()
}

/** Whether to skip what needs this store. Never in CI, nor a database that was named: their absence must fail. */
export async function skipWithout(kind: StoreKind): Promise<boolean> {
  const lacking = await lackingFor(kind)
  if (lacking === undefined || process.env.CI || (kind === 'postgres' && named)) return false
  console.warn(`\n  SKIPPED, not tested: several processes on ${kind}. ${lacking}\n`)
  return true
}

async function lackingFor(kind: StoreKind): Promise<string | undefined> {
  if (kind === 'sqlite') return undefined
  if (kind !== 'postgres') return hasRedisServer() ? undefined : 'Install redis-server to run it.'
  const pool = new Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 2000 })
  try {
    await pool.query('SELECT 1')
    return undefined
  } catch {
    return `Start a PostgreSQL at ${new URL(databaseUrl).host} that trusts the user postgres, or set DATABASE_URL.`
  } finally {
    await pool.end()
  }
}
