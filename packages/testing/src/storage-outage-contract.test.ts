import { memory } from '@drawbridge/core'
import type { Storage } from '@drawbridge/core/storage'
import { describe, expect, it } from 'vitest'
import { type MortalStorage, storageOutageContract } from './storage-outage-contract.ts'
import { failing, overriding } from './storage-wrappers.ts'

/** A store that can be cut off, with what it does wrong then. */
function opened(
  wrong: (store: Storage, isDown: () => boolean) => Partial<Storage> = () => ({}),
): MortalStorage {
  let down = false
  const isDown = () => down
  const store = overriding(memory(), { check: async () => {} })
  return {
    storage: overriding(failing(store, isDown), wrong(store, isDown)),
    cut: () => {
      down = true
    },
    restore: () => {
      down = false
    },
  }
}

describe('a store that fails when it is out of reach', () => {
  for (const c of storageOutageContract()) it(c.name, () => c.run(() => opened()))
})

it('need not have what is optional', async () => {
  const open = () => {
    const { storage, ...rest } = opened()
    const { check, purge, ...only } = storage
    return { ...rest, storage: only }
  }
  for (const c of storageOutageContract()) await c.run(open)
})

describe('the contract notices', () => {
  it.each<[string, (store: Storage, isDown: () => boolean) => Partial<Storage>, string]>([
    ['a check that never rejects', () => ({ check: async () => {} }), 'out of reach, check rejects'],
    [
      'a check that passed once, and remembers',
      (store) => {
        let passed: Promise<void> | undefined
        return { check: () => (passed ??= store.check?.() ?? Promise.resolve()) }
      },
      'out of reach, check rejects',
    ],
    [
      'a get that finds nothing',
      (store, isDown) => ({ get: async (key) => (isDown() ? undefined : store.get(key)) }),
      'out of reach, get rejects',
    ],
    [
      'a put that says that somebody else was first',
      (store, isDown) => ({ put: async (...all) => (isDown() ? undefined : store.put(...all)) }),
      'out of reach, put rejects',
    ],
    [
      'a delete that says that there was nothing',
      (store, isDown) => ({ delete: async (...all) => (isDown() ? false : store.delete(...all)) }),
      'out of reach, delete rejects',
    ],
    [
      'an empty list',
      (store, isDown) => ({ list: async (...all) => (isDown() ? { keys: [] } : store.list(...all)) }),
      'out of reach, list rejects',
    ],
    ['a purge that found nothing', () => ({ purge: async () => 0 }), 'out of reach, purge rejects'],
    [
      'a failure that is remembered',
      (store, isDown) => {
        let broken = false
        const get: Storage['get'] = async (key) => {
          broken ||= isDown()
          if (broken) throw new Error('the connection was lost')
          return store.get(key)
        }
        return { get }
      },
      'after an outage everything is as it was',
    ],
  ])('%s', async (_, wrong, noticed) => {
    const failed: string[] = []
    for (const c of storageOutageContract()) await c.run(() => opened(wrong)).catch(() => failed.push(c.name))
    expect(failed).toEqual([noticed])
  })
})
