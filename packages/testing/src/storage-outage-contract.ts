import assert from 'node:assert/strict'
import type { Storage } from '@drawbridge/core/storage'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when a store breaks it. */
export interface StorageOutageCase {
  name: string
  run(open: OpenMortalStorage): Promise<void>
}

/** Opens an empty store that can be cut off; called once per case. */
export type OpenMortalStorage = () => MortalStorage | Promise<MortalStorage>

export interface MortalStorage {
  storage: Storage
  /** Makes the store unreachable: its server stops, or the network to it ends. */
  cut(): void | Promise<void>
  /** Resolves when the store can be reached again. */
  restore(): void | Promise<void>
  /** Cleans up, at the end of the case, after the storage was closed. */
  dispose?(): void | Promise<void>
}

/**
 * What a `Storage` owes when its store cannot be reached, as a list of cases for any test runner: everything that is
 * asked rejects. A store that answers "absent" instead signs everybody out. Give the store a short time-out.
 *
 * @example
 * ```ts
 * for (const c of storageOutageContract()) it(c.name, () => c.run(behindProxy))
 * ```
 */
export function storageOutageContract(): StorageOutageCase[] {
  return [
    ...(Object.keys(operations) as (keyof typeof operations)[]).map((name) =>
      outageCase(`out of reach, ${name} rejects`, async ({ storage, cut }) => {
        const version = await prepared(storage)
        await cut()
        const answer = await operations[name](storage, version).then(
          (value: unknown) => ({ value }),
          () => undefined,
        )
        if (storage[name]) assert.equal(answer, undefined, `${name} answered as though nothing were wrong`)
      }),
    ),
    outageCase('after an outage everything is as it was', async ({ storage, cut, restore }) => {
      const version = await prepared(storage)
      await cut()
      await storage.get(key).catch(() => undefined)
      await restore()
      await storage.check?.()
      assert.deepEqual(await storage.get(key), { value: 'value', version })
      assert.deepEqual((await storage.list('grant/ada/')).keys, [key])
      assert.equal(typeof (await storage.put(key, 'next', { ifVersion: version })), 'string')
    }),
  ]
}

const key = 'grant/ada/1'

/** `Required`, so that a member that is new does not compile before it is here. Those a store lacks resolve. */
const operations: {
  [Name in Exclude<keyof Required<Storage>, 'close'>]: (storage: Storage, version: string) => Promise<unknown>
} = {
  get: (storage) => storage.get(key),
  put: (storage, version) => storage.put(key, 'next', { ifVersion: version }),
  delete: (storage, version) => storage.delete(key, { ifVersion: version }),
  list: (storage) => storage.list('grant/ada/'),
  purge: async (storage) => storage.purge?.(1),
  check: async (storage) => storage.check?.(),
}

async function prepared(storage: Storage): Promise<string> {
  await storage.check?.()
  const version = await storage.put(key, 'value', { ifVersion: null })
  assert.ok(version !== undefined, 'the store must be empty, and well, at the beginning')
  return version
}

function outageCase(name: string, body: (opened: MortalStorage) => Promise<void>): StorageOutageCase {
  return {
    name,
    async run(open) {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.restore()
        await opened.storage.close?.()
        await opened.dispose?.()
      }
    },
  }
}
