import { memory } from '@drawbridge/core'
import type { Storage } from '@drawbridge/core/storage'
import { describe, expect, it } from 'vitest'
import { counting, delayed, dropReplies, failing, StorageFault } from './storage-wrappers.ts'

const create = { ifVersion: null }

describe('delayed', () => {
  it('delays before the operation reaches the store, and after it took effect', async () => {
    const inner = memory()
    const before = delayed(inner, { milliseconds: 5, after: false }).put('client/before', 'value', create)
    expect(await inner.get('client/before')).toBeUndefined()
    await before
    expect(await inner.get('client/before')).toBeDefined()

    let answered = false
    const after = delayed(inner, { milliseconds: 5, before: false }).put('client/after', 'value', create)
    void after.then(() => {
      answered = true
    })
    expect(await inner.get('client/after')).toBeDefined()
    expect(answered).toBe(false)
    expect(await after).toBeTypeOf('string')
  })

  it('asks a function for each delay, so that operations can overtake each other', async () => {
    const delays = [20, 1]
    const storage = delayed(memory(), { milliseconds: () => delays.shift() ?? 0, after: false })
    const [slow, fast] = await Promise.all([
      storage.put('client/1', 'slow', create),
      storage.put('client/1', 'fast', create),
    ])
    expect([slow, typeof fast]).toEqual([undefined, 'string'])
  })
})

describe('dropReplies', () => {
  it('throws after the write took effect', async () => {
    const storage = dropReplies(memory(), { every: 1 })
    await expect(storage.put('client/1', 'value', create)).rejects.toThrow('took effect')
    const stored = await storage.get('client/1')
    expect(stored?.value).toBe('value')
    const gone = storage.delete('client/1', { ifVersion: stored?.version ?? '' })
    await expect(gone).rejects.toMatchObject({ name: 'StorageFault', tookEffect: true })
    expect(await storage.get('client/1')).toBeUndefined()
  })

  it('drops each n-th write, reads not counting', async () => {
    const storage = dropReplies(memory(), { every: 2 })
    const outcomes: boolean[] = []
    for (const id of [1, 2, 3, 4]) {
      await storage.get(`client/${id}`)
      outcomes.push(
        await storage.put(`client/${id}`, 'value', create).then(
          () => true,
          () => false,
        ),
      )
    }
    expect(outcomes).toEqual([true, false, true, false])
  })

  it('asks shouldDrop for each write', async () => {
    const storage = dropReplies(memory(), {
      shouldDrop: ({ name, key }) => name === 'put' && key === 'client/2',
    })
    const version = await storage.put('client/1', 'value', create)
    await expect(storage.put('client/2', 'value', create)).rejects.toBeInstanceOf(StorageFault)
    expect(await storage.delete('client/1', { ifVersion: version ?? '' })).toBe(true)
  })

  it.each([0, 1.5, Number.NaN])('refuses every: %s', (every) => {
    expect(() => dropReplies(memory(), { every })).toThrow(RangeError)
  })
})

describe('failing', () => {
  it('throws before anything happened, for as long as the predicate says so', async () => {
    let down = true
    const storage = failing(memory(), ({ name }) => down && name === 'put')
    const refused = storage.put('client/1', 'value', create)
    await expect(refused).rejects.toMatchObject({
      tookEffect: false,
      operation: { name: 'put', key: 'client/1' },
    })
    expect(await storage.get('client/1')).toBeUndefined()
    down = false
    expect(await storage.put('client/1', 'value', create)).toBeTypeOf('string')
  })

  it('sees every kind of operation', async () => {
    const seen: string[] = []
    const storage = failing(memory(), ({ name, key }) => {
      seen.push(`${name} ${key}`)
      return true
    })
    const operations = [
      storage.get('client/1'),
      storage.put('client/1', 'value', create),
      storage.delete('client/1', { ifVersion: '1' }),
      storage.list('client/'),
      storage.purge?.(1),
    ]
    for (const operation of operations) await expect(operation).rejects.toBeInstanceOf(StorageFault)
    expect(seen).toEqual(['get client/1', 'put client/1', 'delete client/1', 'list client/', 'purge '])
  })
})

describe('counting', () => {
  const counted = () => counting(delayed(memory(), { milliseconds: 1 }))

  it('counts one round trip for each operation that waits for another', async () => {
    const storage = counted()
    expect(storage.roundTrips).toBe(0)
    await storage.get('client/1')
    await storage.put('client/1', 'value', create)
    await storage.get('client/1')
    expect([storage.operations, storage.roundTrips]).toEqual([3, 3])
  })

  it('counts operations issued together once', async () => {
    const storage = counted()
    await Promise.all([storage.get('client/1'), storage.get('client/2'), storage.list('grant/a/')])
    expect([storage.operations, storage.roundTrips]).toEqual([3, 1])
  })

  it('counts again what starts after any of several completed', async () => {
    const delays = [1, 30, 1]
    const storage = counting(delayed(memory(), { milliseconds: () => delays.shift() ?? 0, after: false }))
    const first = storage.get('client/1').then(() => storage.get('client/3'))
    await Promise.all([first, storage.get('client/2')])
    expect([storage.operations, storage.roundTrips]).toEqual([3, 2])
  })

  it('counts a failed operation as a completed one', async () => {
    const storage = counting(failing(memory(), ({ name }) => name === 'get'))
    await storage.get('client/1').catch(() => {})
    await storage.put('client/1', 'value', create)
    expect(storage.roundTrips).toBe(2)
  })

  it('logs what was asked, and starts anew after reset', async () => {
    const storage = counted()
    await storage.get('client/1')
    expect(storage.log).toEqual([{ name: 'get', key: 'client/1' }])
    storage.reset()
    expect([storage.operations, storage.roundTrips, storage.log.length]).toEqual([0, 0, 0])
    await Promise.all([storage.get('client/1'), storage.get('client/2')])
    expect([storage.operations, storage.roundTrips]).toEqual([2, 1])
  })
})

describe('every wrapper', () => {
  const wrappers: [string, (storage: Storage) => Storage][] = [
    ['delayed', (storage) => delayed(storage, { milliseconds: 0 })],
    ['dropReplies', (storage) => dropReplies(storage, { shouldDrop: () => false })],
    ['failing', (storage) => failing(storage, () => false)],
    ['counting', (storage) => counting(storage)],
  ]

  it.each(wrappers)('%s has purge and close exactly when the store has', async (_name, wrap) => {
    const { purge: _purge, ...bare } = memory()
    expect(wrap(bare)).not.toHaveProperty('purge')
    expect(wrap(bare)).not.toHaveProperty('close')
    let closed = false
    const storage = wrap({
      ...memory(),
      close: async () => {
        closed = true
      },
    })
    await storage.close?.()
    expect(closed).toBe(true)
    expect(await storage.purge?.(1)).toBe(0)
  })
})
