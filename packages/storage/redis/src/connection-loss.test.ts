import { randomUUID } from 'node:crypto'
import type { Storage } from '@drawbridge/core/storage'
import {
  type RedisServer,
  startRedis,
  startRedisSentinel,
  type TcpProxy,
  tcpProxy,
} from '@drawbridge/testing'
import { Redis } from 'ioredis'
import { createClient, createSentinel } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RedisClient } from './client.ts'
import { type RedisStorage, redis } from './redis.ts'
import { skipWithoutRedisServer, until } from './redis-server.fixture.ts'

/** Every n-th script. */
function everyScript(n: number): (command: string) => boolean {
  let scripts = 0
  return (command) => /EVAL/i.test(command) && ++scripts % n === 0
}

describe.skipIf(skipWithoutRedisServer('lost connections'))('when the connection is lost', () => {
  let server: RedisServer
  let proxy: TcpProxy
  let sentinel: Awaited<ReturnType<typeof startRedisSentinel>>
  /** Not through the proxy. */
  let direct: ReturnType<typeof createClient>
  const cleanups: (() => unknown)[] = []

  beforeAll(async () => {
    server = await startRedis()
    proxy = await tcpProxy({ port: server.port })
    sentinel = await startRedisSentinel(proxy.port)
    direct = createClient({ url: server.url })
    direct.on('error', () => {})
    await direct.connect()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    proxy.losesAnswer = () => false
    proxy.thaw()
    for (const cleanup of cleanups.splice(0)) await cleanup()
  })
  afterAll(async () => {
    direct?.destroy()
    await sentinel?.stop()
    await proxy?.disconnect()
    await server?.stop()
  })

  const clients: Record<string, () => Promise<RedisClient>> = {
    'node-redis': async () => {
      const client = createClient({
        url: `redis://127.0.0.1:${proxy.port}`,
        socket: { reconnectStrategy: 20 },
      })
      client.on('error', () => {})
      cleanups.push(() => client.destroy())
      return client.connect()
    },
    'node-redis with Sentinel': async () => {
      const client = createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
        passthroughClientErrorEvents: false,
      })
      client.on('error', () => {})
      cleanups.push(() => client.destroy())
      return client.connect()
    },
    ioredis: async () => {
      const client = new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 20 })
      client.on('error', () => {})
      cleanups.push(() => client.disconnect())
      return client
    },
  }

  async function open(
    library: string,
    options: { timeout?: number; prefix?: string } = {},
  ): Promise<RedisStorage> {
    const client = await clients[library]?.()
    if (!client) throw new Error(`no client ${library}`)
    const storage = redis({ client, prefix: `${randomUUID()}:`, ...options })
    // So that Redis knows the scripts, and no answer that gets lost is the one that asks for them.
    const version = await storage.put('first/1/1', 'value', { ifVersion: null })
    await storage.delete('first/1/1', { ifVersion: version ?? '' })
    await storage.list('first/1/')
    return storage
  }

  describe.each(Object.keys(clients))('%s', (library) => {
    it('a put whose answer is lost fails, and is neither undone nor taken for somebody else’s', async () => {
      const storage = await open(library)
      const lost = proxy.lost
      proxy.loseNextAnswer(/EVAL/i)
      // Not undefined, which would say that another writer was first: clients send the script again by themselves.
      await expect(storage.put('grant/ada/1', 'value', { ifVersion: null })).rejects.toThrow()
      expect(proxy.lost).toBe(lost + 1)
      await until(async () => (await storage.get('grant/ada/1').catch(() => undefined)) !== undefined)
      expect((await storage.get('grant/ada/1'))?.value).toBe('value')
      expect((await storage.list('grant/ada/')).keys).toEqual(['grant/ada/1'])
    })

    it('a delete whose answer is lost fails too', async () => {
      const storage = await open(library)
      const version = await storage.put('grant/ada/1', 'value', { ifVersion: null })
      proxy.loseNextAnswer(/EVAL/i)
      await expect(storage.delete('grant/ada/1', { ifVersion: version ?? '' })).rejects.toThrow()
      await until(() =>
        storage
          .list('grant/ada/')
          .then(({ keys }) => keys.length === 0)
          .catch(() => false),
      )
      expect(await storage.get('grant/ada/1')).toBeUndefined()
    })

    it('operations fail in time when Redis does not answer, and work again when it does', async () => {
      const storage = await open(library, { timeout: 0.3 })
      await storage.put('grant/ada/1', 'value', { ifVersion: null })
      proxy.freeze()
      const started = performance.now()
      const outcomes = await Promise.allSettled([
        storage.get('grant/ada/1'),
        storage.put('grant/ada/2', 'value', { ifVersion: null }),
        storage.delete('grant/ada/1', { ifVersion: 'other' }),
        storage.list('grant/ada/'),
        storage.list('grant/'),
      ])
      expect(performance.now() - started).toBeLessThan(1500)
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { message: expect.stringContaining('within 0.3 s') },
        })
      }
      proxy.thaw()
      await until(() =>
        storage.get('grant/ada/1').then(
          (stored) => stored?.value === 'value',
          () => false,
        ),
      )
    })

    it('of the writes of two instances, each takes effect once while connections break', async () => {
      const prefix = `${randomUUID()}:`
      const instances = [await open(library, { prefix }), await open(library, { prefix })]
      await instances[0]?.put('list/1', '', { ifVersion: null })
      const lost = proxy.lost
      proxy.losesAnswer = everyScript(4)
      const written = await Promise.all(instances.map((storage) => append(storage, 'list/1', 25)))
      expect(proxy.lost).toBeGreaterThan(lost + 10)
      const stored = await eventually(() => redis({ client: direct, prefix }).get('list/1'))
      expect(stored?.value.split(' ').filter(Boolean).sort()).toEqual(written.flat().sort())
    })
  })

  it('a write that node-redis could not send in time is not sent later', async () => {
    const storage = await open('node-redis', { timeout: 0.2 })
    await proxy.disconnect()
    await expect(storage.get('grant/ada/1')).rejects.toThrow('closed')
    // From here on the client queues.
    await expect(storage.put('grant/ada/1', 'late', { ifVersion: null })).rejects.toThrow('within 0.2 s')
    await proxy.reconnect()
    await until(() =>
      storage.list('grant/').then(
        () => true,
        () => false,
      ),
    )
    expect(await storage.get('grant/ada/1')).toBeUndefined()
  })

  it('a time limit may be a fraction of a second', async () => {
    const storage = redis({ client: direct, prefix: `${randomUUID()}:`, timeout: 1 / 3 })
    expect(await storage.put('grant/ada/1', 'value', { ifVersion: null })).toBeTypeOf('string')
  })

  it('a write that arrives a minute late changes nothing', async () => {
    const storage = redis({ client: direct })
    const version = await storage.put('grant/late/1', 'value', { ifVersion: null })
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now - 63_000)
    await expect(storage.put('grant/late/1', 'late', { ifVersion: version ?? '' })).rejects.toThrow('LATE')
    await expect(storage.put('grant/late/2', 'late', { ifVersion: null })).rejects.toThrow('LATE')
    await expect(storage.delete('grant/late/1', { ifVersion: version ?? '' })).rejects.toThrow('LATE')
    expect(await storage.get('grant/late/1')).toEqual({ value: 'value', version })
    expect((await storage.list('grant/late/')).keys).toEqual(['grant/late/1'])
  })

  it('a connection that Redis ends is replaced', async () => {
    const storage = await open('node-redis')
    await storage.put('grant/ada/1', 'value', { ifVersion: null })
    await direct.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await until(() =>
      storage.get('grant/ada/1').then(
        (stored) => stored?.value === 'value',
        () => false,
      ),
    )
  })

  it('a client that was closed fails at once', async () => {
    const client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
    const storage = redis({ client })
    await storage.get('grant/ada/1')
    client.destroy()
    await expect(storage.get('grant/ada/1')).rejects.toThrow('closed')
  })

  it('is warned about, once, when nobody listens to the errors of node-redis', async () => {
    const client = createClient({ url: server.url })
    await client.connect()
    const warnings: string[] = []
    const storage = redis({ client, log: (message) => warnings.push(message) })
    await Promise.all([storage.get('grant/ada/1'), storage.get('grant/ada/2')])
    await storage.get('grant/ada/3')
    expect(warnings).toEqual([expect.stringContaining("client.on('error'")])
    client.destroy()
  })

  it('what cannot be reached at first is used once it can', async () => {
    const client = new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 20, lazyConnect: true })
    client.on('error', () => {})
    cleanups.push(() => client.disconnect())
    await proxy.disconnect()
    const storage = redis({ client, timeout: 0.1 })
    await expect(storage.get('grant/ada/1')).rejects.toThrow('within 0.1 s')
    await proxy.reconnect()
    await until(() =>
      storage.get('grant/ada/1').then(
        () => true,
        () => false,
      ),
    )
  })
})

/** Adds words of its own to a value, as core would: when an outcome is unknown it reads again and decides. */
async function append(storage: Storage, key: string, count: number): Promise<string[]> {
  const words: string[] = []
  while (words.length < count) {
    const word = randomUUID()
    for (;;) {
      const stored = await eventually(() => storage.get(key))
      if (!stored || stored.value.includes(word)) break
      const version = await storage
        .put(key, `${stored.value} ${word}`, { ifVersion: stored.version })
        .catch(() => undefined)
      if (version) break
    }
    words.push(word)
  }
  return words
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
