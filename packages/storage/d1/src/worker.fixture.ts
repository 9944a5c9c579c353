import assert from 'node:assert/strict'
import { fakeClock } from '../../../testing/src/clock.ts'
import { storageCase } from '../../../testing/src/storage-contract/case.ts'
import { behind, type OpenStorage, storageContract } from '../../../testing/src/storage-contract.ts'
import { storageOutageContract } from '../../../testing/src/storage-outage-contract.ts'
import { delayed, dropReplies } from '../../../testing/src/storage-wrappers.ts'
import { createSchema, type D1Binding, d1 } from './index.ts'

// A Worker that runs cases where the store is meant to run, on the D1 binding that it was given, and tells what failed.
export default {
  async fetch(request: Request, env: Record<string, D1Binding>): Promise<Response> {
    const { pathname } = new URL(request.url)
    const database = env[pathname.slice(1)]
    const run = runs[pathname.slice(1)]
    if (!database || !run) return new Response(null, { status: 404 })
    await createSchema(database)
    return Response.json(await run(database))
  },
}

/** Each with a database of its own, of the same name. Failures by the name of the case; passed ones are `null`. */
const runs: Record<string, (database: D1Binding) => Promise<Record<string, string | null>>> = {
  contract: (database) => results(storageContract(), opener(database)),
  // With latency in four parts, since it is waited for.
  slow0: (database) => slowly(0, database),
  slow1: (database) => slowly(1, database),
  slow2: (database) => slowly(2, database),
  slow3: (database) => slowly(3, database),
  own: (database) => results(ownCases(database), opener(database)),
  outage: (database) => results(storageOutageContract(), () => mortal(database)),
}

function slowly(part: number, database: D1Binding) {
  return results(
    storageContract().filter((_, index) => index % 4 === part),
    behind(opener(database), (storage) => delayed(storage, { milliseconds: Math.random })),
  )
}

async function results<Open>(cases: readonly { name: string; run(open: Open): Promise<void> }[], open: Open) {
  const found: Record<string, string | null> = {}
  for (const c of cases) {
    found[c.name] = await c.run(open).then(
      () => null,
      (error) => String(error?.stack ?? error),
    )
  }
  return found
}

function opener(database: D1Binding): OpenStorage {
  return async () => {
    await createSchema(database)
    await database.prepare('DELETE FROM drawbridge_entries').bind().all()
    const clock = fakeClock()
    return {
      storage: d1({ database, clock }),
      clock,
      reopen: async () => d1({ database, clock }),
      lent: () => database.prepare('SELECT 1').bind().all(),
    }
  }
}

/** On a binding that can be cut off. */
async function mortal(database: D1Binding) {
  await createSchema(database)
  await database.prepare('DELETE FROM drawbridge_entries').bind().all()
  let isDown = false
  const lost = async () => {
    throw new Error('D1_ERROR: Network connection lost.')
  }
  const binding: D1Binding = {
    prepare: (query) => ({
      bind: (...values) => {
        const statement = database.prepare(query).bind(...values)
        return isDown ? { bind: () => statement, all: lost } : statement
      },
    }),
    batch: (statements) => (isDown ? lost() : database.batch(statements)),
  } as D1Binding
  return {
    storage: d1({ database: binding }),
    cut() {
      isDown = true
    },
    restore() {
      isDown = false
    },
  }
}

/** What no other store needs. */
function ownCases(database: D1Binding): ReturnType<typeof storageContract> {
  return [
    storageCase(
      'a write whose answer is lost is found by reading, and is not made twice',
      async ({ storage }) => {
        const lossy = dropReplies(storage, { every: 1 })
        await assert.rejects(lossy.put('grant/a/1', 'one', { ifVersion: null }), /took effect/)
        const stored = await storage.get('grant/a/1')
        assert.equal(stored?.value, 'one')
        assert.equal(await storage.put('grant/a/1', 'again', { ifVersion: null }), undefined)
        const ifVersion = stored?.version ?? ''
        await assert.rejects(lossy.delete('grant/a/1', { ifVersion }), /took effect/)
        assert.equal(await storage.get('grant/a/1'), undefined)
        assert.equal(await storage.delete('grant/a/1', { ifVersion }), false)
      },
    ),

    storageCase(
      'expired entries are removed by later writes, so that they do not pile up',
      async ({ storage, inSeconds, advance }) => {
        const expiresAt = inSeconds(60)
        for (let id = 0; id < 60; id++)
          await storage.put(`transaction/${id}`, 'a', { ifVersion: null, expiresAt })
        await advance(60)
        for (let id = 0; id < 50; id++) await storage.put(`client/${id}`, 'a', { ifVersion: null })
        assert.equal(await storage.purge?.(1000), 0)
        assert.equal((await storage.list('client/', { limit: 100 })).keys.length, 50)
      },
    ),

    storageCase('an owner is a range of the table, and what has expired one of an index', async () => {
      const plan = async (query: string) => {
        const { results } = await database.prepare(`EXPLAIN QUERY PLAN ${query}`).bind().all()
        return (results as { detail: string }[]).map(({ detail }) => detail).join()
      }
      const listed = "SELECT key FROM drawbridge_entries WHERE key >= 'a' AND key < 'b' ORDER BY key"
      assert.equal(await plan(listed), 'SEARCH drawbridge_entries USING PRIMARY KEY (key>? AND key<?)')
      const expired = 'SELECT key FROM drawbridge_entries WHERE expires_at <= 1 ORDER BY expires_at'
      assert.match(await plan(expired), /INDEX drawbridge_entries_by_expiry/)
    }),

    storageCase('the table is created once, and what is in it stays', async ({ storage }) => {
      const version = await storage.put('grant/a/1', 'kept', { ifVersion: null })
      await Promise.all([createSchema(database), createSchema(database)])
      assert.deepEqual(await storage.get('grant/a/1'), { value: 'kept', version })
    }),

    storageCase('a session, which may read from a replica, is refused', async () => {
      const { withSession } = database as unknown as { withSession(): D1Binding }
      assert.throws(
        () => d1({ database: withSession.call(database) }),
        /^ConfigurationError: d1\.database: is a session/,
      )
    }),

    storageCase('without the table every operation says how to make it, and the log does once', async () => {
      const lines: string[] = []
      const storage = d1({ database, log: (line) => lines.push(line) })
      await storage.check?.()
      await database.prepare('DROP TABLE drawbridge_entries').bind().all()
      const missing = /d1\.database: has no table drawbridge_entries\. .*schemaSql\(\)/
      await assert.rejects(async () => storage.check?.(), missing)
      await assert.rejects(storage.get('grant/a/1'), missing)
      await assert.rejects(storage.put('grant/a/1', 'a', { ifVersion: null }), missing)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', missing)
    }),
  ]
}
