import { type RedisServer, startRedis } from '@drawbridge/testing'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redis } from './redis.ts'
import { skipWithoutRedisServer } from './redis-server.fixture.ts'

describe.skipIf(skipWithoutRedisServer('eviction policies'))(
  'a Redis that drops keys when it is full',
  () => {
    let server: RedisServer
    let client: ReturnType<typeof createClient>

    beforeAll(async () => {
      server = await startRedis(['--maxmemory', '50mb'])
      client = createClient({ url: server.url })
      client.on('error', () => {})
      await client.connect()
    })
    afterAll(async () => {
      client?.destroy()
      await server?.stop()
    })

    it.each(['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl'])(
      'is refused: %s',
      async (policy) => {
        await client.configSet('maxmemory-policy', policy)
        const warnings: string[] = []
        const storage = redis({ client, log: (message) => warnings.push(message) })
        const refusal = new RegExp(`^redis\\.client: .*${policy}.*maxmemory-policy noeviction`)
        await expect(storage.check()).rejects.toThrow(refusal)
        await expect(storage.put('grant/ada/1', 'value', { ifVersion: null })).rejects.toThrow(refusal)
        await expect(storage.get('grant/ada/1')).rejects.toThrow(refusal)
        await expect(storage.list('grant/ada/')).rejects.toThrow(refusal)
        await expect(storage.delete('grant/ada/1', { ifVersion: 'v' })).rejects.toThrow(refusal)
        expect(await client.dbSize()).toBe(0)
        // Core answers requests with 503 and keeps the reason to itself; the operator must see it somewhere.
        expect(warnings).toEqual([expect.stringMatching(refusal.source.replace('^', '^drawbridge warn: '))])
      },
    )

    it('is refused while it has no limit yet, which may be set at any time', async () => {
      await client.configSet({ maxmemory: '0', 'maxmemory-policy': 'allkeys-lfu' })
      await expect(redis({ client, log: false }).check()).rejects.toThrow('allkeys-lfu')
      await client.configSet('maxmemory', '50mb')
    })

    it('is served as soon as the policy is right, without a restart', async () => {
      await client.configSet('maxmemory-policy', 'volatile-lfu')
      const storage = redis({ client, log: false })
      await expect(storage.get('grant/ada/1')).rejects.toThrow('volatile-lfu')
      await client.configSet('maxmemory-policy', 'noeviction')
      expect(await storage.get('grant/ada/1')).toBeUndefined()
    })

    it('is asked once, not at every operation', async () => {
      await client.configSet('maxmemory-policy', 'noeviction')
      const storage = redis({ client })
      await client.sendCommand(['CONFIG', 'RESETSTAT'])
      await Promise.all([storage.get('grant/ada/1'), storage.get('grant/ada/2')])
      await storage.get('grant/ada/3')
      expect(await client.info('commandstats')).toMatch(/cmdstat_info:calls=1,/)
    })

    it('is warned about once when it does not tell', async () => {
      await client.configSet('maxmemory-policy', 'noeviction')
      const rights = [
        'on',
        '>secret',
        '~drawbridge:*',
        '+@read',
        '+@write',
        '+eval',
        '+evalsha',
        '+time',
        '-info',
      ]
      await client.aclSetUser('drawbridge', rights)
      const limited = createClient({
        url: `redis://drawbridge:secret@127.0.0.1:${server.port}`,
      })
      limited.on('error', () => {})
      await limited.connect()
      const warnings: string[] = []
      const storage = redis({ client: limited, log: (message) => warnings.push(message) })
      const version = await storage.put('grant/ada/1', 'value', { ifVersion: null })
      expect((await storage.list('grant/ada/')).keys).toEqual(['grant/ada/1'])
      expect((await storage.list('grant/')).keys).toEqual(['grant/ada/1'])
      expect(await storage.delete('grant/ada/1', { ifVersion: version ?? '' })).toBe(true)
      expect(warnings).toEqual([expect.stringMatching(/does not say.*noeviction/)])
      limited.destroy()
    })

    it('refuses new entries when full instead, and still reads and deletes', async () => {
      await client.flushAll()
      await client.configSet({ maxmemory: '5mb', 'maxmemory-policy': 'noeviction' })
      const storage = redis({ client })
      const versions: string[] = []
      const value = 'x'.repeat(100_000)
      const fill = async () => {
        for (;;)
          versions.push((await storage.put(`grant/ada/${versions.length}`, value, { ifVersion: null })) ?? '')
      }
      await expect(fill()).rejects.toThrow('OOM')
      expect(versions.length).toBeGreaterThan(3)
      await client.configSet('maxmemory', '1mb')
      const listed = async () => (await storage.list('grant/ada/')).keys.length
      expect(await listed()).toBe(versions.length)
      expect((await storage.get('grant/ada/0'))?.value).toBe(value)
      for (const id of [0, 1, 2]) {
        expect(await storage.delete(`grant/ada/${id}`, { ifVersion: versions[id] ?? '' })).toBe(true)
      }
      expect(await listed()).toBe(versions.length - 3)
      await expect(storage.put('grant/ada/0', '', { ifVersion: null })).rejects.toThrow('OOM')
      expect(await storage.get('grant/ada/0')).toBeUndefined()
      expect(await listed()).toBe(versions.length - 3)
      await client.configSet('maxmemory', '5mb')
      expect(await storage.put('grant/ada/0', value, { ifVersion: null })).toBeTypeOf('string')
    })
  },
)
