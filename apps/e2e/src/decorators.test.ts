import type { Storage } from '@drawbridge/core'
import { storageDecoratorContract } from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { inItsTime, underConditions } from './conditions.ts'
import { slowStore } from './slow-store.ts'

const near = { ahead: 0, latency: 0, dropEvery: 0 }
const wrappers: Record<string, (storage: Storage) => Storage> = {
  slowStore: (storage) => slowStore(storage).storage,
  inItsTime: (storage) => inItsTime(storage, near),
  underConditions: (storage) => underConditions(storage, near),
  'underConditions, far away': (storage) => underConditions(storage, { ...near, latency: 1 }),
}

describe.each(Object.entries(wrappers))('%s keeps the contract of what wraps a Storage', (_, wrap) => {
  for (const c of storageDecoratorContract()) it(c.name, () => c.run(wrap))
})
