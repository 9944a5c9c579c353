import { behind, delayed, fakeClock, type OpenStorage, storageContract } from '@drawbridge/testing'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databaseUrl, openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { createSchema, type PostgresPool, postgres } from './index.ts'

const create = { ifVersion: null }
/** Seconds. Long, since the machine may have much else to do. */
const timeout = 30
const skipped = await skipWithoutPostgres('PostgreSQL storage')

describe.skipIf(skipped)('with a database', () => {
  let schema: TestSchema
  let pool: Pool
  beforeAll(async () => {
    schema = await openTestSchema()
    pool = schema.pool()
  })
  afterAll(() => schema.drop())

  /** A storage with a table of its own, whose instances use these pools by turns. */
  const opening =
    (...pools: (() => PostgresPool)[]): OpenStorage =>
    async () => {
      const clock = fakeClock()
      const names = { schema: schema.name, table: schema.unusedTable() }
      await createSchema(pool, names)
      let opened = 0
      const next = () => {
        const choose = pools[opened++ % pools.length]
        if (!choose) throw new Error('no pool')
        return postgres({ pool: choose(), clock, timeout, ...names })
      }
      const lent = () => Promise.all(pools.map((choose) => choose().query({ text: 'SELECT 1' })))
      return { storage: next(), clock, reopen: async () => next(), lent }
    }

  async function openOne(using: PostgresPool = pool) {
    const clock = fakeClock()
    const names = { schema: schema.name, table: schema.unusedTable() }
    await createSchema(pool, names)
    return { storage: postgres({ pool: using, clock, timeout, ...names }), clock, ...names }
  }

  describe('contract', () => {
    let other: Pool
    let pooler: PostgresPool
    beforeAll(() => {
      other = schema.pool()
      pooler = takingTurns(Array.from({ length: 5 }, () => schema.pool({ max: 1 })))
    })
    const open = opening(
      () => pool,
      () => other,
    )
    const slow = behind(
      opening(() => pooler),
      (storage) => delayed(storage, { milliseconds: () => Math.random() * 3 }),
    )

    for (const c of storageContract()) it(c.name, () => c.run(open))
    for (const c of storageContract()) {
      it(`with latency, behind a pooler: ${c.name}`, () => c.run(slow))
    }
  })

  describe('a default isolation stricter than READ COMMITTED', () => {
    it.each(['repeatable read', 'serializable'])('%s: one of many writers wins', async (level) => {
      const strict = schema.pool({ options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` })
      expect((await strict.query('SHOW transaction_isolation')).rows).toEqual([
        { transaction_isolation: level },
      ])
      const { storage } = await openOne(strict)
      const ifVersion = (await storage.put('grant/a/1', 'first', create)) ?? ''
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) => storage.put('grant/a/1', `writer ${index}`, { ifVersion })),
      )
      const winners = results.flatMap((result) => (result.status === 'fulfilled' && result.value) || [])
      expect(winners).toHaveLength(1)
      expect((await storage.get('grant/a/1'))?.version).toBe(winners[0])
      const serializationFailure = '40001'
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason.code).toBe(serializationFailure)
      }
    })
  })

  describe('a database that sorts as people do', () => {
    let name: string
    let sorted: Pool
    beforeAll(async () => {
      name = `${schema.name}_sorted`
      await pool.query(
        `CREATE DATABASE "${name}" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'`,
      )
      const url = new URL(databaseUrl)
      url.pathname = name
      sorted = new Pool({ connectionString: url.href })
      expect((await sorted.query("SELECT 'a' < 'B' AS sorted")).rows).toEqual([{ sorted: true }])
    })
    afterAll(async () => {
      await sorted.end()
      await pool.query(`DROP DATABASE "${name}"`)
    })

    const open: OpenStorage = async () => {
      const clock = fakeClock()
      const table = schema.unusedTable()
      await createSchema(sorted, { table })
      return { storage: postgres({ pool: sorted, clock, timeout, table }), clock }
    }
    for (const c of storageContract({ without: ['reopen', 'lent'] }).filter((each) =>
      /list/.test(each.name),
    )) {
      it(c.name, () => c.run(open))
    }
  })

  describe('purge', () => {
    it('does not wait for a write in progress, and leaves that entry to the next', async () => {
      const { storage, clock, table } = await openOne()
      const expiresAt = Math.floor(clock.now() / 1000) + 1
      for (const id of [1, 2, 3]) await storage.put(`grant/a/${id}`, 'value', { ...create, expiresAt })
      clock.advance(1)
      const other = await pool.connect()
      await other.query('BEGIN')
      await other.query(`SELECT FROM "${schema.name}".${table} WHERE key = 'grant/a/1' FOR UPDATE`)
      expect(await storage.purge?.(10)).toBe(2)
      await other.query('COMMIT')
      other.release()
      expect(await storage.purge?.(10)).toBe(1)
    })

    it('keeps to its limit also in a table that has just grown', async () => {
      const { storage, clock, table } = await openOne()
      const expiresAt = Math.floor(clock.now() / 1000) + 1
      await storage.put('grant/a/first', 'value', { ...create, expiresAt })
      // For the planner it still has one entry, so that it would rather repeat a subquery than remember its result.
      await pool.query(`ANALYZE "${schema.name}".${table}`)
      for (let id = 0; id < 20; id++) await storage.put(`grant/a/${id}`, 'value', { ...create, expiresAt })
      clock.advance(1)
      expect(await storage.purge?.(2)).toBe(2)
    })

    it('of many at the same time removes each entry once', async () => {
      const { storage, clock } = await openOne()
      const expiresAt = Math.floor(clock.now() / 1000) + 1
      const ids = Array.from({ length: 100 }, (_, index) => index)
      await Promise.all(ids.map((id) => storage.put(`grant/a/${id}`, 'value', { ...create, expiresAt })))
      clock.advance(1)
      const removed = await Promise.all(Array.from({ length: 8 }, () => storage.purge?.(20)))
      expect(Math.max(...removed.map(Number))).toBeLessThanOrEqual(20)
      const rest = await storage.purge?.(1000)
      expect([...removed, rest].reduce((sum: number, count) => sum + Number(count), 0)).toBe(100)
    })
  })

  describe('list', () => {
    it('takes any text as prefix', async () => {
      const { storage } = await openOne()
      const keys = ['\ud7ff/1', '\ue000/1', '\u{10ffff}/1', '\u{10ffff}\u{10ffff}/1', 'a', 'a/1', 'b']
      for (const key of keys) await storage.put(key, 'value', create)
      for (const prefix of ['', 'a', 'a/', '\ud7ff', '\ue000', '\u{10ffff}', '\u{10ffff}\u{10ffff}', 'c']) {
        const expected = keys.filter((key) => key.startsWith(prefix)).sort()
        const listed = await storage.list(prefix)
        expect(listed.keys.sort(), `list ${prefix}`).toEqual(expected)
      }
    })
  })

  describe('a table that was not created', () => {
    it('names createSchema, to the caller and once to the operator', async () => {
      const warnings: string[] = []
      const log = (text: string) => warnings.push(text)
      const storage = postgres({ pool, schema: schema.name, table: 'never_created', log })
      const message = `postgres.table: "${schema.name}"."never_created" does not exist. Create it with \`await createSchema(pool)\``
      await expect(storage.get('client/1')).rejects.toThrow(message)
      await expect(storage.put('client/1', 'value', create)).rejects.toThrow(message)
      await expect(storage.put('client/1', 'value', { ifVersion: 'v' })).rejects.toThrow(message)
      await expect(storage.delete('client/1', { ifVersion: 'v' })).rejects.toThrow(message)
      await expect(storage.list('client/')).rejects.toThrow(message)
      await expect(storage.purge?.(1)).rejects.toThrow(message)
      expect(warnings).toEqual([expect.stringContaining(message)])
      const nowhere = postgres({ pool, schema: `${schema.name}_`, log })
      await expect(nowhere.get('client/1')).rejects.toThrow('does not exist. Create it')
    })
  })

  describe('names', () => {
    it.each(['Order', 'two words', 'quote"s', "apostrophe's", 'semi;colon--', 'b'.repeat(53)])(
      'may be %s',
      async (table) => {
        await createSchema(pool, { schema: schema.name, table })
        const storage = postgres({ pool, schema: schema.name, table })
        await storage.put('client/1', table, create)
        expect((await storage.get('client/1'))?.value).toBe(table)
      },
    )

    it('without a schema are found on the search path', async () => {
      const onPath = schema.pool({ options: `-c search_path=${schema.name}` })
      await createSchema(onPath)
      await postgres({ pool: onPath }).put('client/1', 'value', create)
      const named = postgres({ pool, schema: schema.name, table: 'drawbridge_entries' })
      expect((await named.get('client/1'))?.value).toBe('value')
    })
  })
})

describe('options', () => {
  const noPool: { pool: PostgresPool } = JSON.parse('{}')
  const unused: PostgresPool = { query: () => Promise.reject(new Error('not to be called')) }

  it('refuses to do without a pool', () => {
    expect(() => postgres(noPool)).toThrow('postgres.pool: is missing. Pass a Pool of node-postgres')
  })

  it.each([0, -1, 61, Number.NaN])('refuses the timeout %s', (timeout) => {
    expect(() => postgres({ pool: unused, timeout })).toThrow(
      `postgres.timeout: ${timeout} is not a number of seconds up to 60.`,
    )
  })

  it.each(['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b'])('refuses the name %j', (name) => {
    const message = `'${name}' is no possible name. Use between 1 and`
    expect(() => postgres({ pool: unused, table: name })).toThrow(`postgres.table: ${message} 53 bytes`)
    expect(() => postgres({ pool: unused, schema: name })).toThrow(`postgres.schema: ${message} 63 bytes`)
  })
})

/** As a pooler may: each statement goes to another connection than the one before. */
function takingTurns(pools: Pool[]): PostgresPool {
  let turn = 0
  return {
    async query(query) {
      const pool = pools[turn++ % pools.length]
      if (!pool) throw new Error('no pool')
      return pool.query(query)
    },
  }
}
