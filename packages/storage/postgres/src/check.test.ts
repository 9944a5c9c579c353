import { createServer, type Socket } from 'node:net'
import type { Storage } from '@drawbridge/core/storage'
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { createSchema, type PostgresPool, type PostgresResult, postgres } from './index.ts'

const skipped = await skipWithoutPostgres('what check() finds wrong with a PostgreSQL')

describe.skipIf(skipped)('check', () => {
  let schema: TestSchema
  let owner: Pool
  let names: { schema: string; table: string }
  let lines: string[]
  beforeAll(async () => {
    schema = await openTestSchema()
    owner = schema.pool()
  })
  afterAll(() => schema.drop())
  beforeEach(async () => {
    lines = []
    names = { schema: schema.name, table: schema.unusedTable() }
    await createSchema(owner, names)
  })

  const log = (line: string) => void lines.push(line)
  const opened = (pool: PostgresPool) => postgres({ pool, log, timeout: 30, ...names })

  it('passes, and tells nobody anything', async () => {
    await check(opened(owner))
    expect(lines).toEqual([])
  })

  it('asks once, whatever there is to find', async () => {
    const asked: string[] = []
    const counting: PostgresPool = {
      query(query) {
        asked.push(query.text)
        return owner.query(query)
      },
    }
    await check(opened(counting))
    expect(asked).toHaveLength(1)
  })

  it('refuses a read-only session', async () => {
    const pool = schema.pool({ options: '-c default_transaction_read_only=on' })
    await expect(check(opened(pool))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(
        /^postgres\.pool: its sessions are read-only\. .*default_transaction_read_only/,
      ),
    })
  })

  it('refuses a replica', async () => {
    const pool = telling(owner, { is_replica: true, read_only: 'on' })
    await expect(check(opened(pool))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^postgres\.pool: leads to a replica\. .*primary/),
    })
  })

  it('refuses a database that has not every character', async () => {
    const pool = telling(owner, { encoding: 'LATIN1' })
    await expect(check(opened(pool))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(
        /^postgres\.pool: leads to the database \S+, whose encoding is LATIN1\. .*ENCODING 'UTF8'/,
      ),
    })
  })

  it("refuses another application's table", async () => {
    names = { ...names, table: 'orders' }
    await owner.query(`CREATE TABLE "${schema.name}".orders (id bigint PRIMARY KEY, key text)`)
    await expect(check(opened(owner))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: `postgres.table: "${schema.name}"."orders" is the table of another application, with the columns id bigint, key text. Give Drawbridge a table of its own.`,
    })
  })

  it('refuses a table that a crash would empty, until it is logged', async () => {
    const table = `"${names.schema}"."${names.table}"`
    await owner.query(`ALTER TABLE ${table} SET UNLOGGED`)
    const storage = opened(owner)
    const error: unknown = await check(storage).catch((each: unknown) => each)
    expect(error).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(`postgres.table: ${table} is UNLOGGED`),
    })
    await expect(createSchema(owner, names)).rejects.toThrow('is UNLOGGED')
    await owner.query(/`(.*)`/.exec(String(error))?.[1] ?? '')
    await check(storage)
  })

  it('refuses to do without the table', async () => {
    names = { ...names, table: 'never_created' }
    await expect(check(opened(owner))).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(
        `postgres.table: "${schema.name}"."never_created" does not exist. Create it with \`await createSchema(pool)\``,
      ),
    })
  })

  describe('by a role of its own', () => {
    let role: string
    let limited: Pool
    beforeEach(async () => {
      role = `${schema.name} "role"`
      await owner.query(
        `CREATE ROLE ${quoted(role)}; GRANT USAGE ON SCHEMA "${schema.name}" TO ${quoted(role)}`,
      )
      // The role of a session is set once it is open, since `options` has no quotes.
      limited = schema.pool({ max: 1 })
      await limited.query(`SET ROLE ${quoted(role)}`)
      return async () => {
        await owner.query(`DROP OWNED BY ${quoted(role)}; DROP ROLE ${quoted(role)}`)
      }
    })
    const grant = (rights: string) =>
      owner.query(`GRANT ${rights} ON "${names.schema}".${names.table} TO ${quoted(role)}`)

    it('passes with what the README says that it needs', async () => {
      await grant('SELECT, INSERT, UPDATE, DELETE')
      await check(opened(limited))
    })

    it('refuses a role that may do nothing there', async () => {
      await expect(check(opened(limited))).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: `postgres.pool: its role ${quoted(role)} lacks SELECT, INSERT, UPDATE, DELETE on "${names.schema}"."${names.table}". \`GRANT SELECT, INSERT, UPDATE, DELETE ON "${names.schema}"."${names.table}" TO ${quoted(role)}\` gives it what it needs.`,
      })
    })

    it.each([
      ['INSERT, UPDATE, DELETE', 'SELECT'],
      ['SELECT, UPDATE, DELETE', 'INSERT'],
      ['SELECT, INSERT, DELETE', 'UPDATE'],
      ['SELECT, INSERT, UPDATE', 'DELETE'],
    ])('refuses one that has only %s', async (rights, lacking) => {
      await grant(rights)
      await expect(check(opened(limited))).rejects.toThrow(
        `lacks ${lacking} on "${names.schema}"."${names.table}". \`GRANT ${lacking} ON`,
      )
    })

    it('refuses one that may not look into the schema, whatever else it may', async () => {
      await owner.query(`REVOKE USAGE ON SCHEMA "${schema.name}" FROM ${quoted(role)}`)
      await grant('SELECT, INSERT, UPDATE, DELETE')
      await expect(check(opened(limited))).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: `postgres.pool: its role ${quoted(role)} lacks USAGE on SCHEMA "${schema.name}". \`GRANT USAGE ON SCHEMA "${schema.name}" TO ${quoted(role)}\` gives it what it needs.`,
      })
    })

    it('is helped by the SQL that a refusal says', async () => {
      await owner.query(`REVOKE USAGE ON SCHEMA "${schema.name}" FROM ${quoted(role)}`)
      await grant('INSERT, UPDATE')
      const error: unknown = await check(opened(limited)).catch((each: unknown) => each)
      expect(String(error)).toContain(`lacks USAGE on SCHEMA "${schema.name}" and SELECT, DELETE on`)
      await owner.query(/`(.*)`/.exec(String(error))?.[1] ?? '')
      await check(opened(limited))
      await opened(limited).put('client/1', 'value', { ifVersion: null })
    })
  })

  it.each([
    ['synchronous_commit', { synchronous_commit: 'off' }],
    ['fsync', { fsync: 'off' }],
  ])('tells once of %s that is off, and passes', async (setting, answer) => {
    const storage = opened(telling(owner, answer))
    await check(storage)
    await check(storage)
    expect(lines).toEqual([
      expect.stringMatching(`^drawbridge warn: postgres.pool: ${setting} is off.* crash`),
    ])
  })

  it('sees the synchronous_commit of its sessions', async () => {
    await check(opened(schema.pool({ options: '-c synchronous_commit=off' })))
    expect(lines).toEqual([expect.stringContaining('synchronous_commit is off')])
    lines.length = 0
    await check(opened(schema.pool({ options: '-c synchronous_commit=local' })))
    expect(lines).toEqual([])
  })

  it('looks each time', async () => {
    const storage = opened(owner)
    await check(storage)
    await owner.query(`DROP TABLE "${names.schema}".${names.table}`)
    await expect(check(storage)).rejects.toThrow('does not exist')
    await createSchema(owner, names)
    await check(storage)
  })
})

describe('check of a server that cannot be reached', () => {
  const checked = (pool: Pool) =>
    check(postgres({ pool, timeout: 0.3, log: false })).catch((error: unknown) => error)

  it('rejects, as any operation would', async () => {
    const pool = new Pool({ connectionString: 'postgres://postgres@127.0.0.1:1/postgres' })
    expect(await checked(pool)).toMatchObject({ code: 'ECONNREFUSED' })
    await pool.end()
  })

  it('rejects within the time-out when nobody answers', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket.on('error', () => {})))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = Object(silent.address())
    const pool = new Pool({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` })
    expect(await checked(pool)).toMatchObject({
      name: 'Error',
      message: expect.stringContaining('no answer within 0.3 s'),
    })
    for (const socket of sockets) socket.destroy()
    silent.close()
    await pool.end()
  })
})

/** The same pool, to a server that says otherwise of itself. */
function telling(pool: Pool, otherwise: Record<string, unknown>): PostgresPool {
  return {
    async query(query): Promise<PostgresResult> {
      const { rows, rowCount } = await pool.query(query)
      for (const name of Object.keys(otherwise)) expect(Object.keys(rows[0])).toContain(name)
      return { rows: rows.map((row) => ({ ...row, ...otherwise })), rowCount }
    },
  }
}

function check(storage: Storage): Promise<void> {
  return storage.check?.() ?? Promise.reject(new Error('there is no check'))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
