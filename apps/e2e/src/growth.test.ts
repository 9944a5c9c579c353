import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { memory, type Storage } from '@drawbridge/core'
import { sqlite } from '@drawbridge/sqlite'
import { counting, type FakeClock, fakeClock } from '@drawbridge/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect, isIn } from './administration.fixture.ts'
import { type World, world } from './world.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

async function sqliteFile(clock: FakeClock) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-growth-'))
  const path = join(folder, 'auth.db')
  const storage = sqlite({ path, clock })
  onTestFinished(async () => {
    await storage.close?.()
    await rm(folder, { recursive: true })
  })
  return { path, storage }
}

describe('growth is bounded without maintain()', () => {
  /** Days of people who come, look, and never return; how many rows are there at the end of each. */
  async function rowsAfter(
    days: number,
    visit: (w: World) => Promise<void>,
    options: Partial<Parameters<typeof world>[0]> = {},
  ) {
    const clock = fakeClock()
    const { path, storage } = await sqliteFile(clock)
    const w = world({ clock, storage, ...options })
    const rows: number[] = []
    for (let passed = 0; passed < days; passed++) {
      for (let visitor = 0; visitor < 30; visitor++) {
        await visit(w)
        clock.advance(day / 30)
      }
      const database = new DatabaseSync(path, { readOnly: true })
      rows.push(Number(database.prepare('SELECT count(*) AS n FROM entries').get()?.n))
      database.close()
    }
    return rows
  }

  it('clients that nobody approved vanish after a day, authorization requests after a quarter of an hour', async () => {
    const rows = await rowsAfter(6, async ({ client, browser }) => {
      const app = client()
      await app.register()
      await browser().open((await app.authorize()).url)
    })
    // A day's clients, the last minutes' transactions, and what the next writes will sweep.
    expect(Math.max(...rows)).toBeLessThanOrEqual(30 + 30 + 50)
    expect(rows.at(-1)).toBeLessThanOrEqual((rows[2] ?? 0) + 5)
  })

  it('grants of people who never return vanish, with their connections and clients', async () => {
    const rows = await rowsAfter(
      6,
      async (w) => {
        await connect(w, 'octocat')
      },
      { lifetimes: { idle: day, absolute: 2 * day }, registration: { lifetime: day } },
    )
    expect(rows.at(-1)).toBeLessThanOrEqual((rows[2] ?? 0) + 10)
  })

  it('installations of one program are capped, however often it asks', async () => {
    const w = world({ grantsPerInstallation: 3 })
    const app = w.client()
    await app.register()
    for (let times = 0; times < 8; times++) {
      w.clock.advance(minute)
      await app.login(w.browser(), { user: 'octocat' })
    }
    expect(await w.auth.grants.list('github|1001')).toHaveLength(3)
  })
})

describe('a hundred thousand grants', () => {
  const many = 100_000

  /** As long as a real one; nobody may ever have to open it. */
  const filler = `AAAAAAAA.${'x'.repeat(1200)}`
  const fillerKey = (index: number) =>
    `grant/${String(index).padStart(32, 'o')}/${String(index).padStart(36, 'g')}`

  const stores: Record<string, (clock: FakeClock) => Promise<{ storage: Storage; fill(): Promise<void> }>> = {
    async memory(clock) {
      const storage = memory({ clock, maxEntries: 2 * many })
      return {
        storage,
        async fill() {
          for (let index = 0; index < many; index++)
            await storage.put(fillerKey(index), filler, { ifVersion: null })
        },
      }
    },
    async SQLite(clock) {
      const { path, storage } = await sqliteFile(clock)
      return {
        storage,
        async fill() {
          const database = new DatabaseSync(path)
          const insert = database.prepare('INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)')
          database.exec('BEGIN')
          for (let index = 0; index < many; index++) insert.run(fillerKey(index), filler, null)
          database.exec('COMMIT')
          database.close()
        },
      }
    },
  }

  it.each(Object.entries(stores))(
    'make nothing dearer that a user waits for: %s',
    async (_, open) => {
      const clock = fakeClock()
      const { storage: store, fill } = await open(clock)
      const storage = counting(store)
      const w = world({ clock, storage })
      const user = await connect(w)
      const other = await connect(w)

      const acts: Record<string, () => Promise<void>> = {
        authenticate: async () => {
          expect((await w.call(user.access_token)).status).toBe(200)
        },
        refresh: async () => {
          const { status, body } = await user.app.refresh(user.refresh_token)
          expect(status).toBe(200)
          Object.assign(user, body)
        },
        list: async () => {
          expect(await w.auth.grants.list('github|1001')).toHaveLength(2)
        },
        login: async () => {
          const one = await connect(w, 'hubot')
          await one.app.revoke(one.refresh_token)
        },
      }
      const cost = async () => {
        const costs: Record<string, { operations: string[]; milliseconds: number }> = {}
        for (const [name, act] of Object.entries(acts)) {
          const times: number[] = []
          for (let round = 0; round < 15; round++) {
            storage.reset()
            const begin = performance.now()
            await act()
            times.push(performance.now() - begin)
          }
          const operations = storage.log.map(
            ({ name: operation, key }) => `${operation} ${key.split('/')[0]}`,
          )
          costs[name] = { operations: operations.sort(), milliseconds: Math.min(...times) }
        }
        return costs
      }
      await cost()
      const few = await cost()
      await fill()
      expect((await store.get(fillerKey(many - 1)))?.value).toBe(filler)
      const full = await cost()
      for (const name of Object.keys(acts)) {
        expect(full[name]?.operations, name).toEqual(few[name]?.operations)
        // A scan of them all takes a hundred times as long; a busy machine does not.
        expect(full[name]?.milliseconds, name).toBeLessThan(3 * (few[name]?.milliseconds ?? 0) + 2)
      }
      expect(await isIn(w, other)).toBe(true)
    },
    60_000,
  )
})
