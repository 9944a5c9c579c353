import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, type TcpProxy, tcpProxy } from '@drawbridge/testing'
import { Pool } from 'pg'
import type { StoreAddress } from '../stores.ts'
import { databaseUrl, dropSchema, openTestStore } from '../test-stores.ts'
import type { Random } from './random.ts'

export type FaultyStoreKind = 'sqlite' | 'redis' | 'postgres'

/** A store of a soak's own, and what can befall it. */
export interface FaultyStore {
  address: StoreAddress
  /** By what they are; each resolves when the store is well again. */
  faults: Readonly<Record<string, () => Promise<void>>>
  close(): Promise<void>
}

export async function openFaultyStore(kind: FaultyStoreKind, random: Random): Promise<FaultyStore> {
  switch (kind) {
    case 'sqlite':
      return faultySqlite(random)
    case 'redis':
      return faultyRedis(random)
    case 'postgres':
      return faultyPostgres(random)
  }
}

async function faultySqlite(random: Random): Promise<FaultyStore> {
  const { address, close } = await openTestStore('sqlite')
  const path = address.kind === 'sqlite' ? address.path : ''
  return {
    address,
    close,
    faults: {
      async 'locked by another process'() {
        const other = new DatabaseSync(path, { timeout: 2000 })
        try {
          other.exec('BEGIN IMMEDIATE')
          await sleep(random.between(200, 2500))
          other.exec('ROLLBACK')
        } finally {
          other.close()
        }
      },
    },
  }
}

/** Everything that Redis acknowledged is on its disk. */
async function faultyRedis(random: Random): Promise<FaultyStore> {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  const proxy = await tcpProxy({ port: server.port })
  return {
    address: { kind: 'redis', url: proxy.through(server.url) },
    faults: { restarted: server.crash, ...networkFaults(proxy, /EVAL/i, random) },
    async close() {
      await proxy.close()
      await server.stop()
    },
  }
}

async function faultyPostgres(random: Random): Promise<FaultyStore> {
  const schema = `drawbridge_soak_${randomUUID()}`
  const { hostname, port } = new URL(databaseUrl)
  const proxy = await tcpProxy({ host: hostname, port: Number(port || 5432) })
  const operator = new Pool({ connectionString: databaseUrl, max: 1 })
  return {
    address: { kind: 'postgres', url: proxy.through(databaseUrl), schema },
    faults: {
      async 'connections terminated'() {
        await operator.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
          [schema],
        )
      },
      ...networkFaults(proxy, /INSERT INTO|UPDATE |DELETE /, random),
    },
    async close() {
      await operator.end()
      await proxy.close()
      await dropSchema(schema)
    },
  }
}

function networkFaults(proxy: TcpProxy, write: RegExp, random: Random): FaultyStore['faults'] {
  return {
    async 'answers lost'() {
      proxy.losesAnswer = (sent) => write.test(sent) && random.chance(0.2)
      await sleep(random.between(300, 1200))
      proxy.losesAnswer = () => false
    },
    async unreachable() {
      await proxy.disconnect()
      // Sometimes for longer than anybody tries inside.
      await sleep(random.between(100, 4000))
      await proxy.reconnect()
    },
    async silent() {
      proxy.freeze()
      await sleep(random.between(100, 1500))
      proxy.thaw()
    },
  }
}
