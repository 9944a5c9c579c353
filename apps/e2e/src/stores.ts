import type { Storage } from '@drawbridge/core'
import { createSchema, postgres } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { sqlite } from '@drawbridge/sqlite'
import { Pool } from 'pg'
import { createClient, createCluster } from 'redis'

/** A store that processes can share, by where it is. */
export type StoreAddress =
  | { kind: 'sqlite'; path: string }
  | { kind: 'redis'; url: string }
  | { kind: 'redis-cluster'; urls: readonly string[] }
  | { kind: 'postgres'; url: string; schema: string }

/** Opens it as an application would. Lost connections are reported by the operations they concern. */
export async function openStorage(store: StoreAddress): Promise<Storage> {
  switch (store.kind) {
    case 'sqlite':
      return sqlite({ path: store.path })
    case 'redis': {
      const client = createClient({ url: store.url })
      client.on('error', () => {})
      await client.connect()
      return redis({ client })
    }
    case 'redis-cluster': {
      const client = createCluster({ rootNodes: store.urls.map((url) => ({ url })) })
      client.on('error', () => {})
      await client.connect()
      return redis({ client })
    }
    case 'postgres': {
      const pool = new Pool({
        connectionString: store.url,
        // So that a test finds the connections that are its own.
        application_name: store.schema,
        connectionTimeoutMillis: 2000,
        statement_timeout: 2000,
        query_timeout: 3000,
      })
      await createSchema(pool, { schema: store.schema })
      return postgres({ pool, schema: store.schema })
    }
  }
}
