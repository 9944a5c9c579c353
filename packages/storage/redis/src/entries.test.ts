import { type RedisServer, startRedis } from '@drawbridge/testing'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { redis } from './redis.ts'
import { skipWithoutRedisServer } from './redis-server.fixture.ts'

const soon = () => Math.floor(Date.now() / 1000) + 3600

describe.skipIf(skipWithoutRedisServer('what is on Redis'))('what is on Redis', () => {
  let server: RedisServer
  let client: ReturnType<typeof createClient>

  beforeAll(async () => {
    server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    client = createClient({ url: server.url, socket: { reconnectStrategy: 20 } })
    client.on('error', () => {})
    await client.connect()
  })
  beforeEach(() => client.flushAll())
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })

  it('an index ends with the entry in it that lives longest', async () => {
    const storage = redis({ client })
    const index = 'drawbridge:grant/{ada}/'
    const early = soon()
    const late = early + 3600
    await storage.put('grant/ada/1', 'value', { ifVersion: null, expiresAt: late })
    await storage.put('grant/ada/2', 'value', { ifVersion: null, expiresAt: early })
    expect(await client.pExpireTime(index)).toBe(late * 1000 - 1)
    const lasting = await storage.put('grant/ada/3', 'value', { ifVersion: null })
    expect(await client.pExpireTime(index)).toBe(-1)
    await storage.delete('grant/ada/3', { ifVersion: lasting ?? '' })
    expect(await client.pExpireTime(index)).toBe(late * 1000 - 1)
  })

  it('an index holds nothing that has expired', async () => {
    const storage = redis({ client })
    await storage.put('grant/ada/1', 'value', { ifVersion: null })
    await storage.put('grant/ada/2', 'value', { ifVersion: null, expiresAt: soon() - 7200 })
    expect(await client.zRange('drawbridge:grant/{ada}/', 0, -1)).toEqual(['1'])
  })

  it('nothing is left of what was deleted or put with a past expiry, but marks that end by themselves', async () => {
    const storage = redis({ client })
    const first = await storage.put('grant/ada/1', 'value', { ifVersion: null })
    await storage.delete('grant/ada/1', { ifVersion: first ?? '' })
    await storage.put('grant/ada/2', 'value', { ifVersion: null, expiresAt: soon() - 7200 })
    await storage.put('client/1', 'value', { ifVersion: null, expiresAt: soon() - 7200 })
    const names = await client.keys('*')
    expect(names.every((name) => /^drawbridge:\{(ada|1)\}[\w-]{22}$/.test(name))).toBe(true)
    for (const name of names) {
      const milliseconds = await client.pTTL(name)
      expect(milliseconds).toBeGreaterThan(0)
      expect(milliseconds).toBeLessThanOrEqual(62_000)
    }
  })

  it('users’ operations look at no keys but their own: KEYS and SCAN are not used', async () => {
    const storage = redis({ client })
    await client.sendCommand(['CONFIG', 'RESETSTAT'])
    const version = await storage.put('grant/ada/1', 'value', { ifVersion: null })
    await storage.get('grant/ada/1')
    expect(await storage.list('grant/ada/')).toEqual({ keys: ['grant/ada/1'] })
    await storage.delete('grant/ada/1', { ifVersion: version ?? '' })
    const used = await client.info('commandstats')
    expect(used).toContain('cmdstat_zscan:')
    expect(used).not.toMatch(/cmdstat_(scan|keys|smembers|hgetall):/)
  })

  it('a prefix that goes into the id lists what it says', async () => {
    const storage = redis({ client })
    for (const id of ['laptop-1', 'laptop-2', 'phone-1']) {
      await storage.put(`grant/ada/${id}`, 'value', { ifVersion: null })
    }
    expect((await storage.list('grant/ada/laptop')).keys.sort()).toEqual([
      'grant/ada/laptop-1',
      'grant/ada/laptop-2',
    ])
    await storage.put('client/abc', 'value', { ifVersion: null })
    await storage.put('client/abd', 'value', { ifVersion: null })
    expect((await storage.list('client/abc')).keys).toEqual(['client/abc'])
  })

  it('an owner of thousands is listed in pages', async () => {
    const storage = redis({ client })
    const keys = [...Array(1000).keys()].map((id) => `grant/ada/${id}`)
    await Promise.all(keys.map((key) => storage.put(key, 'value', { ifVersion: null })))
    const listed: string[] = []
    let cursor: string | undefined
    do {
      const page = await storage.list('grant/ada/', { cursor, limit: 50 })
      expect(page.keys.length).toBeLessThan(200)
      listed.push(...page.keys)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect([...new Set(listed)].sort()).toEqual([...keys].sort())
  })

  it('few keys among many others are found without as many round trips', async () => {
    const storage = redis({ client })
    await client.eval("for i = 1, 20000 do redis.call('SET', 'other:' .. i, '') end")
    await storage.put('client/1', 'value', { ifVersion: null })
    await client.sendCommand(['CONFIG', 'RESETSTAT'])
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await storage.list('client/', { cursor })
      keys.push(...page.keys)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(keys).toEqual(['client/1'])
    const calls = /cmdstat_scan:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]
    expect(Number(calls)).toBeLessThan(50)
  })

  it('prefixes keep servers apart', async () => {
    const one = redis({ client, prefix: 'one:' })
    const other = redis({ client, prefix: 'one:grant/' })
    await one.put('grant/ada/1', 'value', { ifVersion: null })
    await one.put('client/1', 'value', { ifVersion: null })
    expect(await other.get('grant/ada/1')).toBeUndefined()
    expect((await other.list('')).keys).toEqual([])
    expect((await one.list('grant/')).keys).toEqual(['grant/ada/1'])
  })

  it('scripts are sent again when Redis has forgotten them', async () => {
    const storage = redis({ client })
    const version = await storage.put('grant/ada/1', 'first', { ifVersion: null })
    await client.scriptFlush()
    expect(await storage.put('grant/ada/1', 'second', { ifVersion: version ?? '' })).toBeTypeOf('string')
    expect((await storage.get('grant/ada/1'))?.value).toBe('second')
  })

  it('with an append-only file, what was written survives a crash of Redis', async () => {
    const storage = redis({ client, timeout: 10 })
    const expiresAt = soon()
    const version = await storage.put('grant/ada/1', 'value', { ifVersion: null, expiresAt })
    const gone = await storage.put('grant/ada/2', 'value', { ifVersion: null })
    await storage.delete('grant/ada/2', { ifVersion: gone ?? '' })
    await server.crash()
    expect(await storage.get('grant/ada/1')).toEqual({ value: 'value', version })
    expect(await storage.get('grant/ada/2')).toBeUndefined()
    expect(await storage.list('grant/ada/')).toEqual({ keys: ['grant/ada/1'] })
    expect(await client.pExpireTime('drawbridge:grant/{ada}/1')).toBe(expiresAt * 1000 - 1)
    expect(await storage.put('grant/ada/1', 'next', { ifVersion: version ?? '' })).toBeTypeOf('string')
  })
})
