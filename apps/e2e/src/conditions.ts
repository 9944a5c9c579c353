import type { Storage } from '@drawbridge/core'
import { delayed, dropReplies, overriding } from '@drawbridge/testing'
import type { Conditions } from './instances.ts'

/** The store's time is the real one: what shall be gone in a minute for us is gone in a minute there. */
export function inItsTime(storage: Storage, conditions: Pick<Conditions, 'ahead'>): Storage {
  return overriding(storage, {
    put: (key, value, { expiresAt, ...options }) =>
      storage.put(key, value, {
        ...options,
        expiresAt: expiresAt === undefined ? undefined : expiresAt - conditions.ahead,
      }),
  })
}

/** A store as far away and as forgetful of its answers as the conditions say at the time. */
export function underConditions(
  storage: Storage,
  conditions: Pick<Conditions, 'latency' | 'dropEvery'>,
): Storage {
  const far = delayed(storage, { milliseconds: () => conditions.latency })
  const now = () => (conditions.latency > 0 ? far : storage)
  let writes = 0
  const shouldDrop = () => conditions.dropEvery > 0 && ++writes % conditions.dropEvery === 0
  return dropReplies(
    overriding(storage, {
      get: (...given) => now().get(...given),
      put: (...given) => now().put(...given),
      delete: (...given) => now().delete(...given),
      list: (...given) => now().list(...given),
    }),
    { shouldDrop },
  )
}
