import assert from 'node:assert/strict'
import {
  assertAbsent,
  assertStored,
  create,
  listAll,
  type StorageCase,
  storageCase,
  written,
} from './case.ts'
import { assertAllDifferent } from './versions.ts'

/** Restarts, and several instances over the same data. */
export const instanceCases: readonly StorageCase[] = [
  storageCase('check passes whenever it is asked, and changes nothing', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    await storage.check?.()
    await storage.check?.()
    await assertStored(storage, 'grant/a/1', 'value', version)
  }),

  storageCase('close may be called twice', async ({ storage }) => {
    await create(storage, 'grant/a/1')
    await storage.close?.()
    await storage.close?.()
  }),

  storageCase('after close everything rejects, and says that it was closed', async ({ storage }) => {
    // What holds nothing of its own has nothing to close.
    if (!storage.close) return
    const version = await create(storage, 'grant/a/1')
    await storage.close()
    const calls: Record<string, () => Promise<unknown> | undefined> = {
      get: () => storage.get('grant/a/1'),
      'put of a new entry': () => storage.put('grant/a/2', 'value', { ifVersion: null }),
      put: () => storage.put('grant/a/1', 'value', { ifVersion: version }),
      delete: () => storage.delete('grant/a/1', { ifVersion: version }),
      list: () => storage.list('grant/a/'),
      purge: () => storage.purge?.(1) ?? Promise.reject(new Error('no purge, so none after close')),
      check: () => storage.check?.() ?? Promise.reject(new Error('no check, so none after close')),
    }
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(async () => call(), /\bclose[ds]?\b/i, `${name} after close`)
    }
  }),

  storageCase(
    'close leaves alone what the store was given',
    async ({ storage, lent }) => {
      await create(storage, 'grant/a/1')
      await storage.close?.()
      await assert.doesNotReject(lent, 'what the store was given must not end with it')
    },
    'lent',
  ),

  storageCase(
    'what was written is there after a restart, at the same version and with its expiry',
    async ({ storage, inSeconds, advance, reopen }) => {
      const lasting = await create(storage, 'grant/a/lasting')
      const ending = await create(storage, 'grant/a/ending', 'value', inSeconds(2))
      await storage.close?.()
      const restarted = await reopen()
      await assertStored(restarted, 'grant/a/lasting', 'value', lasting)
      await assertStored(restarted, 'grant/a/ending', 'value', ending)
      await written(restarted.put('grant/a/lasting', 'later', { ifVersion: lasting }))
      await advance(2)
      await assertAbsent(restarted, 'grant/a/ending')
      assert.deepEqual(await listAll(restarted, 'grant/a/'), ['grant/a/lasting'])
    },
    'reopen',
  ),

  storageCase(
    'what was deleted is absent after a restart',
    async ({ storage, reopen }) => {
      const version = await create(storage, 'grant/a/1')
      await storage.delete('grant/a/1', { ifVersion: version })
      await storage.close?.()
      const restarted = await reopen()
      await assertAbsent(restarted, 'grant/a/1')
      assert.equal(await restarted.put('grant/a/1', 'late', { ifVersion: version }), undefined)
    },
    'reopen',
  ),

  storageCase(
    'no version returns after restarts',
    async ({ storage, reopen }) => {
      const versions: string[] = []
      let current = storage
      for (let count = 0; count < 3; count++) {
        const first = await create(current, 'grant/a/1')
        const second = await written(current.put('grant/a/1', 'value', { ifVersion: first }))
        versions.push(first, second)
        await current.delete('grant/a/1', { ifVersion: second })
        await current.close?.()
        current = await reopen()
      }
      assertAllDifferent(versions)
    },
    'reopen',
  ),

  storageCase(
    'what one instance wrote or deleted, the others see at once',
    async ({ storage, reopen }) => {
      const other = await reopen()
      const first = await create(storage, 'grant/a/1', 'first')
      await assertStored(other, 'grant/a/1', 'first', first)
      assert.deepEqual(await listAll(other, 'grant/a/'), ['grant/a/1'])
      const second = await written(other.put('grant/a/1', 'second', { ifVersion: first }))
      await assertStored(storage, 'grant/a/1', 'second', second)
      assert.equal(await storage.put('grant/a/1', 'third', { ifVersion: first }), undefined)
      assert.equal(await storage.delete('grant/a/1', { ifVersion: second }), true)
      await assertAbsent(other, 'grant/a/1')
      assert.deepEqual(await listAll(other, 'grant/a/'), [])
    },
    'reopen',
  ),

  storageCase(
    'no version returns when instances take turns to create and delete',
    async ({ storage, reopen }) => {
      const versions: string[] = []
      const other = await reopen()
      for (const instance of [storage, other, storage, other]) {
        const version = await create(instance, 'grant/a/1')
        versions.push(version)
        await instance.delete('grant/a/1', { ifVersion: version })
      }
      assertAllDifferent(versions)
    },
    'reopen',
  ),

  storageCase(
    'of 50 parallel puts with the same ifVersion from several instances, one wins',
    async ({ storage, reopen }) => {
      const instances = [storage, await reopen(), await reopen()]
      const version = await create(storage, 'grant/a/1')
      const results = await Promise.all(
        [...Array(50).keys()].map((index) =>
          instances[index % instances.length]?.put('grant/a/1', `writer ${index}`, { ifVersion: version }),
        ),
      )
      const winners = results.filter((result) => result !== undefined)
      assert.equal(winners.length, 1, `exactly one must win, not ${winners.length}`)
      const winner = results.findIndex((result) => result !== undefined)
      for (const instance of instances) {
        await assertStored(instance, 'grant/a/1', `writer ${winner}`, winners[0])
      }
    },
    'reopen',
  ),
]
