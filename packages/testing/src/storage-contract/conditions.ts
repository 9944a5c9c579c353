import assert from 'node:assert/strict'
import { assertAbsent, assertStored, create, type StorageCase, storageCase, written } from './case.ts'

/** Conditional writes: what each condition lets through, and that of many at a time one wins. */
export const conditionCases: readonly StorageCase[] = [
  storageCase('get answers undefined for a key that was never written', async ({ storage }) => {
    await assertAbsent(storage, 'grant/a/1')
  }),

  storageCase('put with ifVersion null creates, and answers the version get shows', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1', 'first')
    await assertStored(storage, 'grant/a/1', 'first', version)
  }),

  storageCase('put with ifVersion null leaves what exists alone', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1', 'first')
    assert.equal(await storage.put('grant/a/1', 'second', { ifVersion: null }), undefined)
    await assertStored(storage, 'grant/a/1', 'first', version)
  }),

  storageCase('put with the current version replaces', async ({ storage }) => {
    const first = await create(storage, 'grant/a/1', 'first')
    const second = await written(storage.put('grant/a/1', 'second', { ifVersion: first }))
    await assertStored(storage, 'grant/a/1', 'second', second)
  }),

  storageCase('put with a stale version changes nothing', async ({ storage }) => {
    const first = await create(storage, 'grant/a/1', 'first')
    const second = await written(storage.put('grant/a/1', 'second', { ifVersion: first }))
    assert.equal(await storage.put('grant/a/1', 'third', { ifVersion: first }), undefined)
    await assertStored(storage, 'grant/a/1', 'second', second)
  }),

  storageCase('put with a version creates nothing', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    assert.equal(await storage.put('grant/a/2', 'value', { ifVersion: version }), undefined)
    await assertAbsent(storage, 'grant/a/2')
  }),

  storageCase('a version is compared as a whole, and may be any string', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    for (const other of [
      '',
      'null',
      'not a version',
      ` ${version}`,
      `${version} `,
      `0${version}`,
      `${version}.0`,
    ]) {
      assert.equal(
        await storage.put('grant/a/1', 'other', { ifVersion: other }),
        undefined,
        `put at "${other}"`,
      )
      assert.equal(await storage.delete('grant/a/1', { ifVersion: other }), false, `delete at "${other}"`)
    }
    await assertStored(storage, 'grant/a/1', 'value', version)
  }),

  storageCase('delete with the current version deletes, once', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    assert.equal(await storage.delete('grant/a/1', { ifVersion: version }), true)
    await assertAbsent(storage, 'grant/a/1')
    assert.equal(await storage.delete('grant/a/1', { ifVersion: version }), false)
  }),

  storageCase('delete with a stale version changes nothing', async ({ storage }) => {
    const first = await create(storage, 'grant/a/1', 'first')
    const second = await written(storage.put('grant/a/1', 'second', { ifVersion: first }))
    assert.equal(await storage.delete('grant/a/1', { ifVersion: first }), false)
    await assertStored(storage, 'grant/a/1', 'second', second)
  }),

  storageCase('delete of a key that was never written answers false', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    assert.equal(await storage.delete('grant/a/2', { ifVersion: version }), false)
    await assertStored(storage, 'grant/a/1', 'value', version)
  }),

  storageCase('a late put does not bring back what was deleted', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    await storage.delete('grant/a/1', { ifVersion: version })
    assert.equal(await storage.put('grant/a/1', 'late', { ifVersion: version }), undefined)
    await assertAbsent(storage, 'grant/a/1')
  }),

  storageCase('a write that lands late, after it was made again, changes nothing', async ({ storage }) => {
    const first = await create(storage, 'grant/a/1', 'first')
    const again = () => storage.put('grant/a/1', 'second', { ifVersion: first })
    const second = await written(again())
    assert.equal(await again(), undefined, 'the same put, once more')
    assert.equal(await storage.put('grant/a/1', 'second', { ifVersion: null }), undefined, 'a creation')
    await assertStored(storage, 'grant/a/1', 'second', second)
    const third = await written(storage.put('grant/a/1', 'second', { ifVersion: second }))
    assert.equal(await storage.delete('grant/a/1', { ifVersion: second }), false, 'a delete')
    await assertStored(storage, 'grant/a/1', 'second', third)
  }),

  storageCase('of 50 parallel puts that create one key, one wins', async ({ storage }) => {
    const results = await Promise.all(
      range(50).map((index) => storage.put('grant/a/1', `writer ${index}`, { ifVersion: null })),
    )
    const winner = theOnly(results, (version) => version !== undefined)
    await assertStored(storage, 'grant/a/1', `writer ${winner}`, results[winner])
  }),

  storageCase('of 50 parallel puts with the same ifVersion, one wins', async ({ storage }) => {
    const version = await create(storage, 'grant/a/1')
    const results = await Promise.all(
      range(50).map((index) => storage.put('grant/a/1', `writer ${index}`, { ifVersion: version })),
    )
    const winner = theOnly(results, (result) => result !== undefined)
    await assertStored(storage, 'grant/a/1', `writer ${winner}`, results[winner])
  }),

  storageCase('of parallel puts and deletes of the same version, one wins', async ({ storage }) => {
    for (const key of range(5).map((index) => `grant/a/${index}`)) {
      const version = await create(storage, key)
      const results = await Promise.all(
        range(20).map((index) =>
          index % 2 === 0
            ? storage.delete(key, { ifVersion: version })
            : storage.put(key, `writer ${index}`, { ifVersion: version }),
        ),
      )
      const winner = theOnly(results, (result) => result !== undefined && result !== false)
      if (winner % 2 === 0) await assertAbsent(storage, key)
      else await assertStored(storage, key, `writer ${winner}`)
    }
  }),

  storageCase('no increment is lost among parallel readers and writers', async ({ storage }) => {
    await create(storage, 'counter/1', '0')
    await Promise.all(
      range(10).map(async () => {
        for (let tries = 0; ; tries++) {
          assert.ok(tries < 1000, 'a writer that retries must succeed in the end')
          const stored = await storage.get('counter/1')
          assert.ok(stored, 'a key that is being replaced must be readable throughout')
          const next = String(Number(stored.value) + 1)
          if (await storage.put('counter/1', next, { ifVersion: stored.version })) return
        }
      }),
    )
    await assertStored(storage, 'counter/1', '10')
  }),

  storageCase('parallel writes to different keys all succeed', async ({ storage }) => {
    const keys = range(50).map((index) => `grant/a/${index}`)
    const versions = await Promise.all(keys.map((key) => create(storage, key, key)))
    for (const [index, key] of keys.entries()) await assertStored(storage, key, key, versions[index])
  }),
]

/** The numbers from 0 up to, not including, `length`. */
function range(length: number): number[] {
  return [...Array(length).keys()]
}

/** The index of the only result that won. */
function theOnly<T>(results: readonly T[], won: (result: T) => boolean): number {
  const winners = results.flatMap((result, index) => (won(result) ? [index] : []))
  const [winner] = winners
  assert.ok(winner !== undefined && winners.length === 1, `exactly one must win, not ${winners.length}`)
  return winner
}
