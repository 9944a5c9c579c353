import { readFileSync } from 'node:fs'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { createSchema, postgres, schemaSql } from './index.ts'

const create = { ifVersion: null }
const skipped = await skipWithoutPostgres('creating tables of PostgreSQL')

describe.skipIf(skipped)('createSchema', () => {
  let schema: TestSchema
  let pool: Pool
  beforeAll(async () => {
    schema = await openTestSchema()
    pool = schema.pool({ max: 20 })
  })
  afterAll(() => schema.drop())

  const newTable = () => ({ schema: schema.name, table: schema.unusedTable() })

  it('is safe when many instances start at once', async () => {
    for (let round = 0; round < 5; round++) {
      const names = newTable()
      await Promise.all(Array.from({ length: 20 }, () => createSchema(pool, names)))
      expect(await postgres({ pool, ...names }).put('client/1', 'value', create)).toBeTypeOf('string')
    }
  })

  it('creates the schema too, also when many start at once', async () => {
    const names = { schema: `${schema.name}_new` }
    try {
      await Promise.all(Array.from({ length: 20 }, () => createSchema(pool, names)))
      expect(await postgres({ pool, ...names }).put('client/1', 'value', create)).toBeTypeOf('string')
    } finally {
      await pool.query(`DROP SCHEMA "${names.schema}" CASCADE`)
    }
  })

  it('keeps what is there', async () => {
    const names = newTable()
    await createSchema(pool, names)
    const storage = postgres({ pool, ...names })
    const version = await storage.put('client/1', 'value', create)
    await createSchema(pool, names)
    await pool.query(schemaSql(names))
    expect(await storage.get('client/1')).toEqual({ value: 'value', version })
  })

  it('waits for nobody where the table exists', async () => {
    const names = newTable()
    await createSchema(pool, names)
    const writer = await pool.connect()
    await writer.query('BEGIN')
    await writer.query(`LOCK TABLE "${names.schema}".${names.table} IN SHARE ROW EXCLUSIVE MODE`)
    await createSchema(schema.pool({ lock_timeout: 1 }), names)
    await writer.query('ROLLBACK')
    writer.release()
  })

  it("refuses another application's table, and leaves it as it was", async () => {
    const { name } = schema
    await pool.query(`CREATE TABLE "${name}".orders (id bigint PRIMARY KEY, key text)`)
    await expect(createSchema(pool, { schema: name, table: 'orders' })).rejects.toThrow(
      `postgres.table: "${name}"."orders" is the table of another application, with the columns id bigint, key text. Give`,
    )
    expect((await pool.query(`SELECT * FROM "${name}".orders`)).fields.map((field) => field.name)).toEqual([
      'id',
      'key',
    ])
  })

  it('needs no more rights than to create a table in a schema that exists', async () => {
    const names = newTable()
    const role = `${schema.name}_role`
    await pool.query(`CREATE ROLE "${role}"; GRANT USAGE, CREATE ON SCHEMA "${schema.name}" TO "${role}"`)
    const limited = schema.pool({ options: `-c role=${role}` })
    try {
      await createSchema(limited, names)
      expect(await postgres({ pool: limited, ...names }).put('client/1', 'value', create)).toBeTypeOf(
        'string',
      )
      await pool.query(`REVOKE CREATE ON SCHEMA "${schema.name}" FROM "${role}"`)
      await createSchema(limited, names)
    } finally {
      await pool.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
    }
  })
})

describe('schemaSql', () => {
  it('is what the README shows', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    expect(/```sql\n(.*?)```/s.exec(readme)?.[1]).toBe(schemaSql())
  })

  it('quotes names', () => {
    expect(schemaSql({ schema: 'my "auth"', table: 'x; DROP' })).toContain(
      'CREATE TABLE IF NOT EXISTS "my ""auth"""."x; DROP" (',
    )
  })
})
