import type { Storage } from '@drawbridge/core/storage'
import type {
  OpenedStorage,
  OpenStorage,
  StorageCase,
  StorageClock,
  StorageFeature,
} from './storage-contract/case.ts'
import { conditionCases } from './storage-contract/conditions.ts'
import { contentCases } from './storage-contract/contents.ts'
import { expiryCases } from './storage-contract/expiry.ts'
import { instanceCases } from './storage-contract/instances.ts'
import { listingCases } from './storage-contract/listing.ts'
import { versionCases } from './storage-contract/versions.ts'

export type { OpenedStorage, OpenStorage, StorageCase, StorageClock, StorageFeature }

/** Options of {@link storageContract}. */
export interface StorageContractOptions {
  /**
   * What the store does not have: `reopen` for one that forgets everything when closed, `purge` for one that removes
   * expired entries by itself, `lent` for one that is given no pool or client. Those cases are left out; nothing is skipped unless you say so here.
   */
  without?: readonly StorageFeature[] | undefined
}

/**
 * The contract of `Storage` as a list of cases, for any test runner. A store that passes them all, once as it is and
 * once behind {@link delayed}, keeps Drawbridge's promises; one that fails any of them does not, however rarely.
 *
 * @example
 * ```ts
 * import { it } from 'vitest'
 * import { fakeClock, storageContract } from '@drawbridge/testing'
 *
 * const open = () => {
 *   const clock = fakeClock()
 *   return { storage: myStorage({ clock }), clock }
 * }
 * for (const c of storageContract({ without: ['reopen', 'lent'] })) it(c.name, () => c.run(open))
 * ```
 */
export function storageContract(options: StorageContractOptions = {}): StorageCase[] {
  const { without = [] } = options
  return [
    ...conditionCases,
    ...versionCases,
    ...expiryCases,
    ...listingCases,
    ...contentCases,
    ...instanceCases,
  ].filter(({ needs }) => needs === undefined || !without.includes(needs))
}

/**
 * The same store behind a wrapper, also when it is reopened.
 *
 * @example
 * ```ts
 * const slow = behind(open, (storage) => delayed(storage, { milliseconds: 2 }))
 * for (const c of storageContract()) it(`${c.name}, with latency`, () => c.run(slow))
 * ```
 */
export function behind(open: OpenStorage, wrapper: (storage: Storage) => Storage): OpenStorage {
  return async () => {
    const opened = await open()
    const { reopen } = opened
    return {
      ...opened,
      storage: wrapper(opened.storage),
      ...(reopen && { reopen: async () => wrapper(await reopen.call(opened)) }),
    }
  }
}

/**
 * For stores that go by their server's time, which no test can move: real time, and `advance` waits. It returns at the
 * beginning of the second it waited for, so that what expires a second later is not a race. The server's clock and
 * this machine's must agree; run the cases concurrently, since each of a few waits for seconds.
 */
export function serverClock(): StorageClock {
  // Counted from the time a case last asked for, however long its writes took since.
  let asked = Date.now()
  return {
    now() {
      asked = Date.now()
      return asked
    },
    async advance(seconds) {
      asked = (Math.floor(asked / 1000) + seconds) * 1000
      while (Date.now() < asked) await new Promise((resolve) => setTimeout(resolve, asked - Date.now()))
    },
  }
}
