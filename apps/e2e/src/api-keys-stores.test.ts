import { memory, type Storage } from '@drawbridge/core'
import { TooManyApiKeys } from '@drawbridge/core/api-keys'
import { describe, expect, it, onTestFinished } from 'vitest'
import { asking, ci, octocat, withKeys } from './api-keys.fixture.ts'
import { openStorage, type StoreAddress } from './stores.ts'
import { openTestStore, skipWithout } from './test-stores.ts'

/** The same store, opened by two instances. */
async function opened(kind: StoreAddress['kind']): Promise<[Storage, Storage]> {
  const { address, close } = await openTestStore(kind)
  const both: [Storage, Storage] = [await openStorage(address), await openStorage(address)]
  onTestFinished(async () => {
    for (const one of both) await one.close?.()
    await close()
  })
  return both
}

async function inMemory(): Promise<[Storage, Storage]> {
  const one = memory()
  return [one, one]
}

const stores: [string, () => Promise<[Storage, Storage]>, boolean][] = [
  ['memory', inMemory, false],
  ['SQLite', () => opened('sqlite'), false],
  ['Redis', () => opened('redis'), await skipWithout('redis')],
  ['PostgreSQL', () => opened('postgres'), await skipWithout('postgres')],
]

describe.each(stores)('two instances on %s', (_, open, skipped) => {
  it.skipIf(skipped)("make no key too many, and know each other's", async () => {
    const [one, two] = (await open()).map((storage) => withKeys({ storage }, { keysPerSubject: 4 }))
    if (!one || !two) throw new Error('two were asked for')
    const tries = Array.from({ length: 12 }, (_, index) => (index % 2 ? one : two).keys.create(ci))
    const settled = await Promise.allSettled(tries)
    const made = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(made).toHaveLength(4)
    expect(refused.every((error) => error instanceof TooManyApiKeys)).toBe(true)
    for (const { w } of [one, two]) {
      for (const { key } of made) expect((await w.call(key)).status).toBe(200)
    }
    expect(await one.keys.list(octocat)).toHaveLength(4)
    expect(await two.w.auth.grants.revokeAll(octocat)).toBe(4)
    expect(await one.keys.list(octocat)).toEqual([])
    expect((await one.keys.create(ci)).name).toBe('CI')
  })

  it.skipIf(skipped)('end a key for both, while it is in use and its first use is noted', async () => {
    const [one, two] = (await open()).map((storage) => withKeys({ storage }))
    if (!one || !two) throw new Error('two were asked for')
    for (let round = 0; round < 5; round++) {
      const { key, id } = await one.keys.create(ci)
      const uses = Array.from({ length: 8 }, (_, index) =>
        (index % 2 ? one : two).w.auth.authenticate(asking(key)),
      )
      const [isEnded] = await Promise.all([two.keys.revoke({ subject: octocat, id }), ...uses])
      expect(isEnded).toBe(true)
      for (const { w } of [one, two]) expect((await w.call(key)).status).toBe(401)
    }
    expect(await two.keys.list(octocat)).toEqual([])
  })
})
