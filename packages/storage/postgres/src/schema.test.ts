import { readFileSync } from 'node:fs'
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { databaseUrl, openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { createSchema, type PostgresPool, type PostgresResult, postgres, schemaSql } from './index.ts'

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

  it.each([
    ['read-only', 'default_transaction_read_only=on', /^postgres\.pool: its sessions are read-only\. /],
    ['without a schema', 'search_path=nowhere', /^postgres\.schema: is left out, .*`schema`/],
  ])('says what is wrong with sessions that are %s', async (_, setting, message) => {
    const names = setting.startsWith('search_path') ? {} : newTable()
    await expect(createSchema(schema.pool({ options: `-c ${setting}` }), names)).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(message),
    })
  })

  it('says that it is connected to a replica', async () => {
    const replica: PostgresPool = {
      async query(query): Promise<PostgresResult> {
        const { rows, rowCount } = await pool.query(query)
        return { rows: rows.map((row) => ({ ...row, is_replica: true, read_only: 'on' })), rowCount }
      },
    }
    await expect(createSchema(replica, newTable())).rejects.toThrow('postgres.pool: leads to a replica. ')
  })

  it('has nothing to say where the table exists', async () => {
    const names = newTable()
    await createSchema(pool, names)
    await createSchema(schema.pool({ options: '-c default_transaction_read_only=on' }), names)
  })

  describe('in a database of another encoding', () => {
    let latin: Pool
    beforeAll(async () => {
      const database = `${schema.name}_latin`
      await pool.query(`CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`)
      const url = new URL(databaseUrl)
      url.pathname = database
      latin = new Pool({ connectionString: url.href })
      return async () => {
        await latin.end()
        await pool.query(`DROP DATABASE "${database}"`)
      }
    })

    it('creates nothing, and neither is it served from', async () => {
      const message = `postgres.pool: leads to the database "${schema.name}_latin", whose encoding is LATIN1. `
      await expect(createSchema(latin)).rejects.toThrow(message)
      await latin.query(schemaSql())
      await expect(postgres({ pool: latin }).check?.()).rejects.toThrow(message)
    })
  })

  describe('by a role of its own', () => {
    let role: string
    let limited: Pool
    beforeEach(async () => {
      role = `"${schema.name}_role"`
      await pool.query(`CREATE ROLE ${role}`)
      limited = schema.pool({ max: 1 })
      await limited.query(`SET ROLE ${role}`)
      return async () => {
        await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      }
    })

    it('needs no more rights than to create a table in a schema that exists', async () => {
      const names = newTable()
      await pool.query(`GRANT USAGE, CREATE ON SCHEMA "${schema.name}" TO ${role}`)
      await createSchema(limited, names)
      expect(await postgres({ pool: limited, ...names }).put('client/1', 'value', create)).toBeTypeOf(
        'string',
      )
      await pool.query(`REVOKE CREATE ON SCHEMA "${schema.name}" FROM ${role}`)
      await createSchema(limited, names)
    })

    it('says which rights it lacks in the schema, and the SQL helps', async () => {
      const names = newTable()
      const error: unknown = await createSchema(limited, names).catch((each: unknown) => each)
      const grant = `GRANT USAGE, CREATE ON SCHEMA "${schema.name}" TO ${role}`
      expect(error).toMatchObject({
        name: 'ConfigurationError',
        message: `postgres.pool: its role ${role} lacks USAGE, CREATE on SCHEMA "${schema.name}". \`${grant}\` gives it what it needs. Or run the SQL of \`schemaSql()\` as a role that may.`,
      })
      await pool.query(grant)
      await createSchema(limited, names)
    })

    it('says that it may not create the schema', async () => {
      const names = { schema: `${schema.name}_none` }
      await expect(createSchema(limited, names)).rejects.toThrow(
        /^postgres\.pool: its role \S+ lacks CREATE on DATABASE \S+\. `GRANT CREATE ON DATABASE \S+ TO \S+` gives/,
      )
    })
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
