import { memory } from '@drawbridge/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeClock } from './clock.ts'
import {
  behind,
  type OpenStorage,
  type StorageFeature,
  serverClock,
  storageContract,
} from './storage-contract.ts'
import { delayed } from './storage-wrappers.ts'

const open: OpenStorage = () => {
  const clock = fakeClock()
  return { storage: memory({ clock }), clock }
}
const cases = storageContract({ without: ['reopen', 'lent'] })

describe('memory', () => {
  for (const c of cases) it(c.name, () => c.run(open))
})

describe('memory, behind a delay that reorders operations', () => {
  const slow = behind(open, (storage) => delayed(storage, { milliseconds: () => Math.random() * 3 }))
  for (const c of cases) it.concurrent(c.name, () => c.run(slow))
})

describe('memory, by the system clock, as a store whose time no test can move', () => {
  beforeEach(() => {
    // Just before a second ends: were `advance` to count from here, what lasts a second would be gone at once.
    vi.useFakeTimers({ now: new Date('2031-05-01T00:00:00.999Z'), toFake: ['Date', 'setTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const timed: OpenStorage = () => ({ storage: memory(), clock: serverClock() })
  for (const c of cases) {
    it(c.name, async () => {
      let ended = false
      const outcome = Promise.allSettled([c.run(timed)]).finally(() => {
        ended = true
      })
      while (!ended) await vi.advanceTimersByTimeAsync(50)
      expect(await outcome).toEqual([{ status: 'fulfilled', value: undefined }])
    })
  }
})

describe('memory, beyond the contract', () => {
  it('refuses new keys when full, keeps serving the old ones, and says what to change', async () => {
    const storage = memory({ maxEntries: 2 })
    const version = await storage.put('client/1', 'one', { ifVersion: null })
    await storage.put('client/2', 'two', { ifVersion: null })
    await expect(storage.put('client/3', 'three', { ifVersion: null })).rejects.toThrow('maxEntries: 2')
    expect(await storage.get('client/3')).toBeUndefined()
    expect(await storage.put('client/1', 'new', { ifVersion: version ?? null })).toBeTypeOf('string')
    expect((await storage.get('client/2'))?.value).toBe('two')
  })

  it('makes room by removing what has expired', async () => {
    const clock = fakeClock()
    const storage = memory({ clock, maxEntries: 100 })
    for (let id = 0; id < 100; id++) {
      const expiresAt = id === 50 ? clock.now() / 1000 + 10 : undefined
      await storage.put(`client/${id}`, 'value', { ifVersion: null, expiresAt })
    }
    clock.advance(10)
    expect(await storage.put('client/new', 'value', { ifVersion: null })).toBeTypeOf('string')
    await expect(storage.put('client/newer', 'value', { ifVersion: null })).rejects.toThrow('maxEntries: 100')
  })

  it('removes expired entries while others are written, so that they do not pile up', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    for (let id = 0; id < 1000; id++) {
      await storage.put(`transaction/${id}`, 'value', { ifVersion: null, expiresAt: clock.now() / 1000 + 60 })
    }
    clock.advance(60)
    for (let id = 0; id < 400; id++) await storage.put(`client/${id}`, 'value', { ifVersion: null })
    expect(await storage.purge?.(1000)).toBe(0)
  })

  it('uses no version of another store, so that two stores mistaken for one never agree by accident', async () => {
    const first = await memory().put('client/1', 'value', { ifVersion: null })
    const second = await memory().put('client/1', 'value', { ifVersion: null })
    expect(first).not.toBe(second)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses maxEntries: %s', (maxEntries) => {
    expect(() => memory({ maxEntries })).toThrow(/memory\.maxEntries: is .*\. Pass a whole number, 1 or more/)
  })
})

describe('storageContract', () => {
  it('leaves out only what it is told to', () => {
    const names = (without: StorageFeature[]) => storageContract({ without }).map(({ name }) => name)
    expect(
      names(['reopen', 'purge', 'lent']).filter((name) => /restart|instance|purge|given/.test(name)),
    ).toEqual([])
    expect(names([]).length).toBeGreaterThan(names(['reopen']).length)
    expect(names([])).toEqual([...new Set(names([]))])
  })

  it('does not pass a case that needs reopen for a store without it', async () => {
    const [restart] = storageContract().filter(({ needs }) => needs === 'reopen')
    await expect(restart?.run(open)).rejects.toThrow("without: ['reopen']")
  })

  it('does not pass a case that needs lent for a store without it', async () => {
    const [lent] = storageContract().filter(({ needs }) => needs === 'lent')
    await expect(lent?.run(open)).rejects.toThrow("without: ['lent']")
  })

  it('closes and disposes also when a case fails', async () => {
    const calls: string[] = []
    const [first] = storageContract()
    const broken: OpenStorage = () => ({
      storage: {
        ...memory(),
        get: async () => ({ value: 'made up', version: '1' }),
        close: async () => void calls.push('close'),
      },
      clock: fakeClock(),
      dispose: () => void calls.push('dispose'),
    })
    await expect(first?.run(broken)).rejects.toThrow('grant/a/1 must be absent')
    expect(calls).toEqual(['close', 'dispose'])
  })
})
