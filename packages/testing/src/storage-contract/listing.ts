import assert from 'node:assert/strict'
import type { Storage } from '@drawbridge/core/storage'
import { create, listAll, type StorageCase, storageCase, written } from './case.ts'

/** Listing by prefix: exactly what starts with it, completely, also while others write. */
export const listingCases: readonly StorageCase[] = [
  storageCase('list of an owner without keys is empty', async ({ storage }) => {
    await create(storage, 'grant/a/1')
    assert.deepEqual(await listAll(storage, 'grant/b/'), [])
    assert.deepEqual(await listAll(storage, 'client/'), [])
  }),

  storageCase('list of kind/owner/ holds that owner’s keys and no others', async ({ storage }) => {
    for (const key of [
      'grant/a/1',
      'grant/a/2',
      'grant/ab/3',
      'grant/A/4',
      'grant/b/5',
      'grants/a/6',
      'grant/a',
    ]) {
      await create(storage, key)
    }
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/1', 'grant/a/2'])
    assert.deepEqual(await listAll(storage, 'grant/ab/'), ['grant/ab/3'])
    assert.deepEqual(await listAll(storage, 'grants/a/'), ['grants/a/6'])
  }),

  storageCase('list of kind/ holds the keys of that kind', async ({ storage }) => {
    for (const key of ['client/1', 'client/2', 'clients/3', 'grant/a/1', 'grant/b/2'])
      await create(storage, key)
    assert.deepEqual(await listAll(storage, 'client/'), ['client/1', 'client/2'])
    assert.deepEqual(await listAll(storage, 'grant/'), ['grant/a/1', 'grant/b/2'])
  }),

  storageCase('list takes no character of its prefix for a pattern', async ({ storage }) => {
    const owners = ['a_c', 'a%c', 'a*c', 'a?c', 'a[bx]c', 'a\\c', 'a.c', '{a}c', 'abc', 'axc', 'abbc']
    for (const owner of owners) await create(storage, `grant/${owner}/1`)
    for (const owner of owners) {
      assert.deepEqual(await listAll(storage, `grant/${owner}/`), [`grant/${owner}/1`])
    }
    for (const pattern of ['%', '_', '*', '?', '.*', 'a%', '[a]']) {
      assert.deepEqual(await listAll(storage, `grant/${pattern}/`), [], `grant/${pattern}/`)
    }
  }),

  storageCase('list holds a key once, however often it was replaced', async ({ storage }) => {
    let version = await create(storage, 'grant/a/1')
    for (let count = 0; count < 3; count++) {
      version = await written(storage.put('grant/a/1', 'value', { ifVersion: version }))
    }
    assert.deepEqual((await storage.list('grant/a/')).keys, ['grant/a/1'])
  }),

  storageCase('a deleted key is not listed until it is created again', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    await create(storage, 'grant/a/2')
    await storage.delete('grant/a/1', { ifVersion: version })
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/2'])
    assert.deepEqual(await listAll(storage, 'grant/'), ['grant/a/2'])
    await create(storage, 'grant/a/1')
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/1', 'grant/a/2'])
  }),

  storageCase('the pages of a listing add up, whatever their size', async ({ storage }) => {
    const keys = await createMany(storage, 'grant/a/', 25)
    await createMany(storage, 'grant/b/', 5)
    for (const limit of [1, 2, 7, 24, 25, 26, 1000]) {
      assert.deepEqual(await listAll(storage, 'grant/a/', limit), keys, `limit ${limit}`)
    }
  }),

  storageCase('a listing without a limit is complete too', async ({ storage }) => {
    const keys = await createMany(storage, 'grant/a/', 250)
    assert.deepEqual(await listAll(storage, 'grant/a/'), keys)
    assert.deepEqual(await listAll(storage, 'grant/'), keys)
  }),

  storageCase(
    'a listing holds every key that existed throughout, while others write',
    async ({ storage }) => {
      const versions = new Map<string, string>()
      const stay = await createMany(storage, 'grant/a/stay-', 20, versions)
      const go = await createMany(storage, 'grant/a/go-', 20, versions)
      let round = 0
      const others = async (page: readonly string[]) => {
        round++
        // The page's own keys too: a cursor must not depend on what becomes of the key it was taken from.
        for (const key of go.filter((key) => page.includes(key) || go.indexOf(key) >= go.length - round)) {
          await storage.delete(key, { ifVersion: versions.get(key) ?? '' })
        }
        for (const key of stay.filter((key) => page.includes(key))) {
          const ifVersion = versions.get(key) ?? null
          versions.set(key, await written(storage.put(key, `round ${round}`, { ifVersion })))
        }
        if (round <= 10) await create(storage, `grant/a/new-${round}`)
      }
      const listed = await listAll(storage, 'grant/a/', 3, others)
      assert.deepEqual(
        listed.filter((key) => key.startsWith('grant/a/stay-')),
        stay,
      )
      const known = listed.every((key) => /^grant\/a\/(stay|go|new)-\d+$/.test(key))
      assert.ok(known, `list answered keys that never were: ${listed.join(', ')}`)
    },
  ),

  storageCase('parallel creations are all listed', async ({ storage }) => {
    const keys = [...Array(50).keys()].map((index) => `grant/a/${String(index).padStart(3, '0')}`)
    await Promise.all(keys.map((key) => create(storage, key)))
    assert.deepEqual(await listAll(storage, 'grant/a/'), keys)
  }),
]

/** Creates keys whose order is that of their numbers, and returns them in it. */
async function createMany(
  storage: Storage,
  prefix: string,
  count: number,
  versions: Map<string, string> = new Map(),
): Promise<string[]> {
  const keys = [...Array(count).keys()].map((index) => `${prefix}${String(index).padStart(3, '0')}`)
  for (const key of keys) versions.set(key, await create(storage, key))
  return keys
}
