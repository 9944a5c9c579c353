import assert from 'node:assert/strict'
import { assertStored, create, type StorageCase, storageCase, written } from './case.ts'

/** A version says "nothing happened in between" only if it is never used twice for a key. */
export const versionCases: readonly StorageCase[] = [
  storageCase('every put of a key answers a new version, also for the same value', async ({ storage }) => {
    const versions = [await create(storage, 'grant/a/1')]
    for (let count = 0; count < 10; count++) {
      const ifVersion = versions.at(-1) ?? null
      versions.push(await written(storage.put('grant/a/1', 'value', { ifVersion })))
    }
    assertAllDifferent(versions)
  }),

  storageCase('no version returns when a key is deleted and created again', async ({ storage }) => {
    const versions: string[] = []
    for (let count = 0; count < 5; count++) {
      const first = await create(storage, 'grant/a/1')
      const second = await written(storage.put('grant/a/1', 'value', { ifVersion: first }))
      versions.push(first, second)
      await storage.delete('grant/a/1', { ifVersion: second })
    }
    assertAllDifferent(versions)
  }),

  storageCase(
    'no version returns when a key expires and is created again',
    async ({ storage, inSeconds, advance }) => {
      const versions: string[] = []
      for (let count = 0; count < 2; count++) {
        versions.push(await create(storage, 'grant/a/1', 'value', inSeconds(1)))
        await advance(1)
      }
      versions.push(await create(storage, 'grant/a/1'))
      assertAllDifferent(versions)
    },
  ),

  storageCase('what was read before a delete is stale after the re-creation', async ({ storage }) => {
    const old = await create(storage, 'grant/a/1', 'same')
    await storage.delete('grant/a/1', { ifVersion: old })
    const current = await create(storage, 'grant/a/1', 'same')
    assert.equal(await storage.put('grant/a/1', 'late', { ifVersion: old }), undefined)
    assert.equal(await storage.delete('grant/a/1', { ifVersion: old }), false)
    await assertStored(storage, 'grant/a/1', 'same', current)
  }),

  storageCase(
    'what was read before an expiry is stale after the re-creation',
    async ({ storage, inSeconds, advance }) => {
      const old = await create(storage, 'grant/a/1', 'same', inSeconds(1))
      await advance(1)
      const current = await create(storage, 'grant/a/1', 'same')
      assert.equal(await storage.put('grant/a/1', 'late', { ifVersion: old }), undefined)
      assert.equal(await storage.delete('grant/a/1', { ifVersion: old }), false)
      await assertStored(storage, 'grant/a/1', 'same', current)
    },
  ),
]

/** Asserts that no version occurs twice. */
export function assertAllDifferent(versions: readonly string[]): void {
  assert.equal(new Set(versions).size, versions.length, `a version was reused: ${versions.join(', ')}`)
}
