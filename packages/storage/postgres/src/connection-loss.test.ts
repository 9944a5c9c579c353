import { type TcpProxy, tcpProxy } from '@drawbridge/testing'
import type { Pool, PoolConfig } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { databaseUrl, openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { createSchema, postgres } from './index.ts'

const create = { ifVersion: null }
const skipped = await skipWithoutPostgres('lost connections to PostgreSQL')

describe.skipIf(skipped)('a connection that is lost', () => {
  let schema: TestSchema
  let observer: Pool
  let names: { schema: string; table: string }
  beforeAll(async () => {
    schema = await openTestSchema()
    observer = schema.pool()
  })
  afterAll(() => schema.drop())
  beforeEach(async () => {
    names = { schema: schema.name, table: schema.unusedTable() }
    await createSchema(observer, names)
  })

  /** A storage with a pool whose sessions have a name of their own, so that they can be found and ended. */
  function openNamed(config: PoolConfig = {}, options: { timeout?: number } = {}) {
    const name = `${names.table} of ${process.pid}`
    const pool = schema.pool({ application_name: name, ...config })
    const storage = postgres({ pool, timeout: 30, ...names, ...options })
    const terminate = () =>
      observer.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        name,
      ])
    /** Resolves once a session waits for a lock. */
    async function blocked() {
      for (;;) {
        const { rowCount } = await observer.query(
          "SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
          [name],
        )
        if (rowCount) return
      }
    }
    return { pool, storage, terminate, blocked }
  }

  /** Locks an entry as a writer in progress would, until the answer is called. */
  async function lock(key: string) {
    const client = await observer.connect()
    await client.query('BEGIN')
    await client.query(`SELECT FROM "${names.schema}".${names.table} WHERE key = $1 FOR UPDATE`, [key])
    return async () => {
      await client.query('ROLLBACK')
      client.release()
    }
  }

  it('while idle ends nothing, and is replaced', async () => {
    const { pool, storage, terminate } = openNamed()
    const version = await storage.put('grant/a/1', 'value', create)
    const removed = new Promise((resolve) => pool.once('remove', resolve))
    await terminate()
    await removed
    expect(await storage.get('grant/a/1')).toEqual({ value: 'value', version })
  })

  it('is told to the listener of the pool too', async () => {
    const { pool, storage, terminate } = openNamed()
    const heard: Error[] = []
    pool.on('error', (error) => heard.push(error))
    await storage.get('grant/a/1')
    const removed = new Promise((resolve) => pool.once('remove', resolve))
    await terminate()
    await removed
    expect(heard.map(({ message }) => message)).toEqual([
      'terminating connection due to administrator command',
    ])
  })

  it('during a write fails that write, and later ones find a new connection', async () => {
    const { storage, terminate, blocked } = openNamed()
    const first = (await storage.put('grant/a/1', 'first', create)) ?? ''
    const unlock = await lock('grant/a/1')
    const put = storage.put('grant/a/1', 'second', { ifVersion: first })
    const outcome = expect(put).rejects.toThrow(/terminat/)
    await blocked()
    await terminate()
    await outcome
    await unlock()
    expect(await storage.get('grant/a/1')).toEqual({ value: 'first', version: first })
    expect(await storage.put('grant/a/1', 'third', { ifVersion: first })).toBeTypeOf('string')
  })

  it('fails each operation of a busy pool at most once, and loses no answered write', async () => {
    const { storage, terminate } = openNamed({ max: 5 })
    const answered = new Map<string, string>()
    let failed = 0
    let stop = false
    const writers = Array.from({ length: 5 }, async (_, writer) => {
      for (let count = 0; !stop; count++) {
        const key = `grant/${writer}/${count}`
        try {
          const version = await storage.put(key, 'value', create)
          if (version !== undefined) answered.set(key, version)
        } catch {
          failed++
        }
      }
    })
    for (let round = 0; round < 5; round++) {
      const before = answered.size
      await terminate()
      while (answered.size < before + 50) await storage.get('grant/0/0').catch(() => {})
    }
    stop = true
    await Promise.all(writers)
    expect(failed).toBeGreaterThan(0)
    for (const [key, version] of answered) expect((await storage.get(key))?.version).toBe(version)
  })

  it('with statement_timeout, fails a write that waits too long, which then has not happened', async () => {
    const { storage } = openNamed({ statement_timeout: 50 })
    const version = (await storage.put('grant/a/1', 'first', create)) ?? ''
    const unlock = await lock('grant/a/1')
    await expect(storage.delete('grant/a/1', { ifVersion: version })).rejects.toThrow('statement timeout')
    await unlock()
    expect((await storage.get('grant/a/1'))?.version).toBe(version)
    expect(await storage.delete('grant/a/1', { ifVersion: version })).toBe(true)
  })

  describe('with its network', () => {
    let proxy: TcpProxy
    let connectionString: string
    beforeEach(async () => {
      const { hostname, port } = new URL(databaseUrl)
      proxy = await tcpProxy({ host: hostname, port: Number(port || 5432) })
      connectionString = proxy.through(databaseUrl)
    })
    afterEach(() => proxy.close())

    it('may have written: put throws, is not repeated, and the entry is there', async () => {
      const { storage } = openNamed({ connectionString })
      await storage.get('grant/a/1')
      proxy.loseNextAnswer(/INSERT INTO/)
      await expect(storage.put('grant/a/1', 'value', create)).rejects.toThrow('Connection terminated')
      expect(proxy.lost).toBe(1)
      const stored = await storage.get('grant/a/1')
      expect(stored?.value).toBe('value')
      expect(await storage.put('grant/a/1', 'again', create)).toBeUndefined()

      proxy.loseNextAnswer(/UPDATE/)
      const replacing = storage.put('grant/a/1', 'second', { ifVersion: stored?.version ?? '' })
      await expect(replacing).rejects.toThrow('Connection terminated')
      const second = await storage.get('grant/a/1')
      expect(second?.value).toBe('second')

      proxy.loseNextAnswer(/DELETE/)
      const deleting = storage.delete('grant/a/1', { ifVersion: second?.version ?? '' })
      await expect(deleting).rejects.toThrow('Connection terminated')
      expect(await storage.get('grant/a/1')).toBeUndefined()
      expect(proxy.lost).toBe(3)
    })

    it('in silence, is given up after timeout, and replaced', async () => {
      const { storage } = openNamed({ connectionString, max: 1 }, { timeout: 0.5 })
      const version = await storage.put('grant/a/1', 'value', create)
      proxy.freeze({ newConnections: false })
      await expect(storage.get('grant/a/1')).rejects.toThrow('postgres: no answer within 0.5 s')
      // Only a new connection can get through.
      expect((await storage.get('grant/a/1'))?.version).toBe(version)
    })
  })
})

describe.skipIf(skipped)('a pool without a free connection', () => {
  let schema: TestSchema
  beforeAll(async () => {
    schema = await openTestSchema()
  })
  afterAll(() => schema.drop())

  it('is waited for no longer than timeout', async () => {
    const pool = schema.pool({ max: 1 })
    await createSchema(pool, { schema: schema.name })
    const storage = postgres({ pool, schema: schema.name, timeout: 0.2 })
    const other = await pool.connect()
    await expect(storage.get('grant/a/1')).rejects.toThrow('postgres: no answer within 0.2 s')
    other.release()
    expect(await storage.get('grant/a/1')).toBeUndefined()
  })
})
