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

/** Expired means absent, to every operation, and each put states the expiry anew. */
export const expiryCases: readonly StorageCase[] = [
  storageCase(
    'an entry is there until its expiry, and absent from then on',
    async ({ storage, inSeconds, advance }) => {
      await create(storage, 'grant/a/1', 'value', inSeconds(3))
      await advance(2)
      await assertStored(storage, 'grant/a/1', 'value')
      await advance(1)
      await assertAbsent(storage, 'grant/a/1')
    },
  ),

  storageCase('an expired entry is not listed', async ({ storage, inSeconds, advance }) => {
    await create(storage, 'grant/a/1', 'value', inSeconds(2))
    await create(storage, 'grant/a/2', 'value', inSeconds(60))
    await create(storage, 'grant/a/3')
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/1', 'grant/a/2', 'grant/a/3'])
    await advance(2)
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/2', 'grant/a/3'])
    assert.deepEqual(await listAll(storage, 'grant/'), ['grant/a/2', 'grant/a/3'])
  }),

  storageCase(
    'an expired entry cannot be put at its old version',
    async ({ storage, inSeconds, advance }) => {
      const version = await create(storage, 'grant/a/1', 'value', inSeconds(1))
      await advance(1)
      assert.equal(await storage.put('grant/a/1', 'late', { ifVersion: version }), undefined)
      await assertAbsent(storage, 'grant/a/1')
    },
  ),

  storageCase('an expired entry can be created again', async ({ storage, inSeconds, advance }) => {
    await create(storage, 'grant/a/1', 'old', inSeconds(1))
    await advance(1)
    const version = await create(storage, 'grant/a/1', 'new')
    await assertStored(storage, 'grant/a/1', 'new', version)
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/1'])
  }),

  storageCase('an expired entry cannot be deleted', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'value', inSeconds(1))
    await advance(1)
    assert.equal(await storage.delete('grant/a/1', { ifVersion: version }), false)
  }),

  storageCase('a put without expiry ends the former one', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'first', inSeconds(2))
    await written(storage.put('grant/a/1', 'second', { ifVersion: version }))
    await advance(2)
    await assertStored(storage, 'grant/a/1', 'second')
    assert.deepEqual(await listAll(storage, 'grant/a/'), ['grant/a/1'])
  }),

  storageCase('a put with a later expiry extends', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'first', inSeconds(2))
    await written(storage.put('grant/a/1', 'second', { ifVersion: version, expiresAt: inSeconds(4) }))
    await advance(2)
    await assertStored(storage, 'grant/a/1', 'second')
    await advance(2)
    await assertAbsent(storage, 'grant/a/1')
  }),

  storageCase('a put with a sooner expiry shortens', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'first', inSeconds(60))
    await written(storage.put('grant/a/1', 'second', { ifVersion: version, expiresAt: inSeconds(1) }))
    await advance(1)
    await assertAbsent(storage, 'grant/a/1')
  }),

  storageCase('a put that adds an expiry makes the entry expire', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'first')
    await written(storage.put('grant/a/1', 'second', { ifVersion: version, expiresAt: inSeconds(1) }))
    await advance(1)
    await assertAbsent(storage, 'grant/a/1')
  }),

  storageCase('a refused put leaves the expiry alone', async ({ storage, inSeconds, advance }) => {
    const lasting = await create(storage, 'grant/a/lasting')
    await create(storage, 'grant/a/ending', 'value', inSeconds(2))
    assert.equal(
      await storage.put('grant/a/lasting', 'x', { ifVersion: null, expiresAt: inSeconds(1) }),
      undefined,
    )
    assert.equal(await storage.put('grant/a/ending', 'x', { ifVersion: null }), undefined)
    await advance(2)
    await assertStored(storage, 'grant/a/lasting', 'value', lasting)
    await assertAbsent(storage, 'grant/a/ending')
  }),

  storageCase('a re-created entry inherits no expiry', async ({ storage, inSeconds, advance }) => {
    const version = await create(storage, 'grant/a/1', 'old', inSeconds(2))
    await storage.delete('grant/a/1', { ifVersion: version })
    await create(storage, 'grant/a/1', 'new')
    await advance(2)
    await assertStored(storage, 'grant/a/1', 'new')
  }),

  storageCase(
    'an entry whose expiry has passed when it is put is absent at once',
    async ({ storage, inSeconds }) => {
      await create(storage, 'grant/a/1', 'value', inSeconds(-5))
      await assertAbsent(storage, 'grant/a/1')
      const version = await create(storage, 'grant/a/2')
      await written(storage.put('grant/a/2', 'ended', { ifVersion: version, expiresAt: inSeconds(-5) }))
      await assertAbsent(storage, 'grant/a/2')
      assert.deepEqual(await listAll(storage, 'grant/a/'), [])
      await create(storage, 'grant/a/1', 'new')
      await assertStored(storage, 'grant/a/1', 'new')
    },
  ),

  storageCase('an expiry beyond 32 bits of seconds is kept', async ({ storage }) => {
    const year9999 = 253_402_300_799
    const version = await create(storage, 'grant/a/1', 'value', year9999)
    await assertStored(storage, 'grant/a/1', 'value', version)
  }),

  storageCase(
    'purge removes up to its limit of expired entries, and nothing else',
    async ({ storage, inSeconds, advance }) => {
      for (const id of [1, 2, 3, 4, 5]) await create(storage, `grant/a/${id}`, 'value', inSeconds(2))
      const later = await create(storage, 'grant/a/later', 'value', inSeconds(60))
      const lasting = await create(storage, 'grant/a/lasting')
      assert.equal(await storage.purge?.(10), 0)
      await advance(2)
      assert.equal(await storage.purge?.(2), 2)
      assert.equal(await storage.purge?.(2), 2)
      assert.equal(await storage.purge?.(10), 1)
      assert.equal(await storage.purge?.(10), 0)
      await assertStored(storage, 'grant/a/later', 'value', later)
      await assertStored(storage, 'grant/a/lasting', 'value', lasting)
    },
    'purge',
  ),

  storageCase(
    'no version returns when an expired entry is purged and created again',
    async ({ storage, inSeconds, advance }) => {
      const old = await create(storage, 'grant/a/1', 'value', inSeconds(1))
      await advance(1)
      assert.equal(await storage.purge?.(10), 1)
      const version = await create(storage, 'grant/a/1')
      assert.notEqual(version, old)
      assert.equal(await storage.put('grant/a/1', 'late', { ifVersion: old }), undefined)
      await assertStored(storage, 'grant/a/1', 'value', version)
    },
    'purge',
  ),
]
