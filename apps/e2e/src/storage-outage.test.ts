import { randomUUID } from 'node:crypto'
import { createSchema, postgres } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { type MortalStorage, startRedis, storageOutageContract, tcpProxy } from '@drawbridge/testing'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { describe, it } from 'vitest'
import { databaseUrl, dropSchema } from './test-stores.ts'

/** Each store behind a network that can end, with little patience. */
const stores: Record<string, () => Promise<MortalStorage>> = {
  async redis() {
    const server = await startRedis()
    const proxy = await tcpProxy({ port: server.port })
    const client = createClient({ url: proxy.through(server.url), socket: { reconnectStrategy: 20 } })
    client.on('error', () => {})
    await client.connect()
    return {
      storage: redis({ client, timeout: 0.3 }),
      cut: () => proxy.disconnect(),
      async restore() {
        await proxy.reconnect()
        if (!client.isReady) await new Promise((resolve) => client.once('ready', resolve))
      },
      async dispose() {
        client.destroy()
        await proxy.close()
        await server.stop()
      },
    }
  },

  async postgres() {
    const schema = `drawbridge_outage_${randomUUID()}`
    const { hostname, port } = new URL(databaseUrl)
    const proxy = await tcpProxy({ host: hostname, port: Number(port || 5432) })
    const pool = new Pool({ connectionString: proxy.through(databaseUrl), connectionTimeoutMillis: 300 })
    pool.on('error', () => {})
    await createSchema(pool, { schema })
    return {
      storage: postgres({ pool, schema }),
      cut: () => proxy.disconnect(),
      restore: () => proxy.reconnect(),
      async dispose() {
        await pool.end()
        await proxy.close()
        await dropSchema(schema)
      },
    }
  },
}

describe.each(Object.entries(stores))('%s', (_, open) => {
  for (const c of storageOutageContract()) it(c.name, () => c.run(open))
})
