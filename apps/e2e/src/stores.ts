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
      // With a name, so that a test finds the connections that are its own.
      const pool = new Pool({ connectionString: store.url, application_name: store.schema })
      await createSchema(pool, { schema: store.schema })
      return postgres({ pool, schema: store.schema })
    }
  }
}
