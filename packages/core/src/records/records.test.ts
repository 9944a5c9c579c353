import { expect, it } from 'vitest'
import { remove, update } from './records.ts'
import { watched } from './watched.fixture.ts'

it('a record that was read is opened once, also after it was written again', async () => {
  const { store, openings } = watched()
  const version = await store.put('grant/a', { n: 1 }, { ifVersion: null })
  expect((await store.get('grant/a'))?.value).toEqual({ n: 1 })
  await store.put('grant/a', { n: 2 }, { ifVersion: version ?? '' })
  for (let again = 0; again < 3; again++) expect((await store.get('grant/a'))?.value).toEqual({ n: 2 })
  expect(openings).toEqual(['grant/a'])
})

it('what was only written, or only passed by, is not remembered', async () => {
  const { store, openings } = watched()
  await store.put('grant/a', { n: 1 }, { ifVersion: null })
  await store.get('grant/a', { keep: false })
  await store.reseal('grant/a')
  expect(openings).toHaveLength(2)
  await store.get('grant/a')
  expect(openings).toHaveLength(3)
})

it('what was deleted is not remembered', async () => {
  const { store, openings } = watched()
  await store.put('grant/a', { n: 1 }, { ifVersion: null })
  const read = await store.get('grant/a')
  await store.delete('grant/a', read?.version ?? '')
  await store.put('grant/a', { n: 2 }, { ifVersion: null })
  await store.get('grant/a')
  expect(openings).toHaveLength(2)
})

it('large records push each other out, where as many small ones stay', async () => {
  const opened = async (length: number) => {
    const { store, openings } = watched()
    for (const round of ['write', 'read', 'read again']) {
      for (let index = 0; index < 3000; index++) {
        const key = `client/${index}`
        if (round === 'write') await store.put(key, 'x'.repeat(length), { ifVersion: null })
        else await store.get(key)
      }
    }
    return openings.length
  }
  expect(await opened(100)).toBe(3000)
  // 3000 of 60 kB would be 180 MB.
  expect(await opened(60_000)).toBe(6000)
})

it('what is stored says which version of the schema it is', async () => {
  const { store, storage } = watched()
  await store.put('grant/a', { n: 1 }, { ifVersion: null, expiresAt: 5_000_000_000 })
  const stored = await storage.get('grant/a')
  expect(JSON.parse(stored?.value.slice('id.0.'.length) ?? '')).toEqual({
    schema: 1,
    v: { n: 1 },
    exp: 5_000_000_000,
  })
})

it.each([
  ['of a newer version', 'newer_version', '{"schema":2,"v":{"n":1}}'],
  ['of a newer version with no value that is known here', 'newer_version', '{"schema":3,"sealed":"..."}'],
  ['without a version', 'damaged', '{"v":{"n":1}}'],
  ['with a version that is none', 'damaged', '{"schema":"1","v":{"n":1}}'],
  ['that is no envelope', 'damaged', 'null'],
])('a record %s is an outage and an event, and is left as it is', async (_, reason, text) => {
  const { store, storage, sealer, events } = watched()
  const sealed = sealer.seal('grant/a/1', text)
  const version = await storage.put('grant/a/1', sealed, { ifVersion: null })
  await expect(store.get('grant/a/1')).rejects.toMatchObject({ name: 'Unavailable' })
  expect(events).toEqual([{ type: 'storage.unreadable', kind: 'grant', reason }])
  await expect(
    update(
      store,
      'grant/a/1',
      () => undefined,
      () => ({ n: 2 }),
    ),
  ).rejects.toThrow('does not open')
  await expect(remove(store, 'grant/a/1')).rejects.toThrow('does not open')
  expect(await storage.get('grant/a/1')).toEqual({ value: sealed, version })
})

it('a record of a newer version still counts for the secret that it is sealed with', async () => {
  const { store, storage, sealer } = watched()
  const sealed = `older.${sealer.seal('grant/a/1', '{"schema":2,"v":{}}').slice('id.'.length)}`
  await storage.put('grant/a/1', sealed, { ifVersion: null })
  expect(await store.reseal('grant/a/1')).toEqual({ key_id: 'older', resealed: false, opens: true })
  expect((await storage.get('grant/a/1'))?.value).toBe(sealed)
})

it('what is longer than a store has to keep is not written, and says what it is', async () => {
  const { store, storage } = watched()
  const large = { claims: 'x'.repeat(256 * 1024) }
  await expect(store.put('grant/a/1', large, { ifVersion: null })).rejects.toThrow(
    'storage: the record grant takes more than 256 KiB',
  )
  expect(await storage.get('grant/a/1')).toBeUndefined()
})
