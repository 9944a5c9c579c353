import { behind, delayed, type RedisServer, startRedisCluster } from '@drawbridge/testing'
import { Cluster } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeContract, opening } from './contract.fixture.ts'
import { redis } from './redis.ts'
import { skipWithoutRedisServer } from './redis-server.fixture.ts'

describe.skipIf(skipWithoutRedisServer('Redis Cluster'))('on a cluster', () => {
  let servers: readonly RedisServer[]
  let stop: () => Promise<void>
  let cluster: ReturnType<typeof createCluster>
  let ioredis: Cluster

  beforeAll(async () => {
    const started = await startRedisCluster()
    servers = started.servers
    stop = started.stop
    cluster = createCluster({ rootNodes: servers.slice(0, 1).map(({ url }) => ({ url })) })
    cluster.on('error', () => {})
    await cluster.connect()
    ioredis = new Cluster(servers.slice(0, 1).map(({ port }) => ({ host: '127.0.0.1', port })))
  })

  afterAll(async () => {
    await cluster?.close()
    ioredis?.disconnect()
    await stop?.()
  })

  describeContract({
    'node-redis': opening(() => [cluster], 'contract:'),
    ioredis: opening(() => [ioredis], 'contract:'),
    'both libraries on the same data, with a delay that reorders operations': behind(
      opening(() => [cluster, ioredis], 'contract:'),
      (storage) => delayed(storage, { milliseconds: () => Math.random() * 5 }),
    ),
  })

  describe.each(['node-redis', 'ioredis'])('with %s', (library) => {
    const open = () =>
      redis({ client: library === 'ioredis' ? ioredis : cluster, prefix: `${library}:`, log: false })

    it('lists a kind from all masters, in pages', async () => {
      const storage = open()
      const keys = [...Array(120).keys()].flatMap((owner) => [`grant/${owner}/1`, `grant/${owner}/2`])
      await Promise.all(keys.map((key) => storage.put(key, 'value', { ifVersion: null })))
      for (const { url } of servers) {
        const client = await createClient({ url }).connect()
        expect(Number(await client.dbSize())).toBeGreaterThan(0)
        await client.close()
      }
      const listed: string[] = []
      let cursor: string | undefined
      let pages = 0
      do {
        const page = await storage.list('grant/', { cursor, limit: 10 })
        listed.push(...page.keys)
        cursor = page.cursor
        pages++
      } while (cursor !== undefined)
      expect([...new Set(listed)].sort()).toEqual([...keys].sort())
      expect(pages).toBeGreaterThan(3)
    })

    it('ends a listing with an error when the master it was at has gone', async () => {
      await expect(open().list('grant/', { cursor: '0@127.0.0.1:1' })).rejects.toThrow('begin it again')
    })

    it('refuses the cluster when one of its masters evicts', async () => {
      const evicting = await createClient({ url: servers[2]?.url ?? '' }).connect()
      await evicting.configSet('maxmemory-policy', 'allkeys-lru')
      await expect(open().check()).rejects.toThrow(/^redis\.client: .*allkeys-lru.*noeviction/)
      await evicting.configSet('maxmemory-policy', 'noeviction')
      await expect(open().check()).resolves.toBeUndefined()
      await evicting.close()
    })
  })

  it('says so when the cluster client was never connected', async () => {
    const client = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] })
    client.on('error', () => {})
    await expect(redis({ client }).get('grant/a/1')).rejects.toThrow('not connected')
  })
})
