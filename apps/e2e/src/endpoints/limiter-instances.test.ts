import { memory } from '@drawbridge/core'
import { counting, delayed, failing, overriding } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { keyRing } from '../../../../packages/core/src/crypto/key-ring.ts'
import { sealer } from '../../../../packages/core/src/crypto/sealing.ts'
import { unhandledDuring } from '../unhandled.ts'
import { secret } from '../world.ts'
import { byAddress, countsIn, type Limits, limited, settled } from './limiter.fixture.ts'

const limits = { key: byAddress, requests: { register: 40, token: 40 } }
const nonsense = { grant_type: 'authorization_code', code: 'x' }

/** Several instances over one store, which a balancer asks in turn. */
function several(count: number, options: Parameters<typeof limited>[1] = {}, given: Limits = limits) {
  const w = limited(given, options)
  const all = [w.auth, ...Array.from({ length: count - 1 }, () => w.instance())]
  return { ...w, all, at: (turn: number) => all[turn % count] ?? w.auth }
}

describe('instances count together', () => {
  it.each([2, 3, 8])('%i of them let no more than twice the limit pass', async (count) => {
    const { token, flood, at } = several(count)
    const passed = await flood(async (turn) => {
      const answer = await token(nonsense, {}, at(turn))
      await settled()
      return answer
    })
    expect(passed).toBeGreaterThanOrEqual(40)
    expect(passed).toBeLessThanOrEqual(80)
  })

  it('so that who is refused by one is soon refused by the other, and free on both with the next window', async () => {
    const { token, flood, all, clock } = several(2)
    const [one, other] = all
    expect(await flood(() => token(nonsense, {}, one))).toBe(40)
    await settled()
    const late = await flood(async () => {
      const answer = await token(nonsense, {}, other)
      await settled()
      return answer
    })
    expect(late).toBeLessThanOrEqual(5)
    clock.advance(60)
    expect(await flood(() => token(nonsense, {}, other))).toBe(40)
  })

  it('and who sends little at a time is told of after some seconds', async () => {
    const { token, flood, all, clock } = several(2, {}, { ...limits, window: 3600 })
    const [one, other] = all
    await flood(() => token(nonsense, {}, one))
    await settled()
    await token(nonsense, {}, other)
    clock.advance(5)
    await token(nonsense, {}, other)
    await settled()
    expect((await token(nonsense, {}, other)).status).toBe(429)
  })

  it('without ever refusing anybody below the limit', async () => {
    const { token, flood, at, clock } = several(3)
    for (let window = 0; window < 3; window++) {
      expect(await flood((turn) => token(nonsense, {}, at(turn)), 39)).toBe(39)
      await settled()
      clock.advance(60)
    }
  })

  it('also when they tell at the same moment', async () => {
    const storage = delayed(memory(), { milliseconds: 1 })
    const { token, all, auth } = several(4, { storage })
    await auth.ready()
    let passed = 0
    let isOpen = true
    while (isOpen && passed <= 80) {
      const answers = await Promise.all(
        all.flatMap((one) => Array.from({ length: 5 }, () => token(nonsense, {}, one))),
      )
      const free = answers.filter(({ status }) => status !== 429).length
      isOpen = free > 0
      passed += free
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect(passed).toBeGreaterThanOrEqual(40)
    expect(passed).toBeLessThanOrEqual(80)
  })
})

describe('nobody waits for it', () => {
  it('a store that does not answer about counts holds up no answer', async () => {
    const store = memory()
    const isCount = (key: string) => key.startsWith('request-count/')
    const storage = overriding(store, {
      get: (key) => (isCount(key) ? new Promise(() => {}) : store.get(key)),
    })
    const { token, flood } = limited(limits, { storage })
    expect(await flood(() => token(nonsense))).toBe(40)
  })

  it('a request asks the store what it asked without a limit, and counts are told a few times in a window', async () => {
    const storage = counting(memory())
    const { register, auth } = limited(limits, { storage })
    await auth.ready()
    storage.reset()
    for (let turn = 0; turn < 40; turn++) await register()
    await settled()
    const counts = storage.log.filter(({ key }) => key.startsWith('request-count/')).length
    expect(storage.operations - counts).toBe(40 * 5)
    expect(counts).toBeGreaterThan(0)
    expect(counts).toBeLessThanOrEqual(2 * 8)
  })

  it('whoever is refused costs the store nothing', async () => {
    const storage = counting(memory())
    const { register, flood } = limited(limits, { storage })
    await flood(() => register())
    await settled()
    storage.reset()
    for (let turn = 0; turn < 100; turn++) await register()
    await settled()
    expect(storage.operations).toBe(0)
  })

  it('a runtime that ends its work with the answer is asked to go on', async () => {
    const { auth } = limited({ key: byAddress, requests: { token: 1 } })
    const work: Promise<unknown>[] = []
    const request = new Request('https://mcp.test/token', {
      method: 'POST',
      body: new URLSearchParams(nonsense),
    })
    await auth.handle(request, { clientAddress: '192.0.2.1', waitUntil: (each) => work.push(each) })
    expect(work).toHaveLength(1)
    await Promise.all(work)
  })
})

describe('whatever fails in it lets requests pass', () => {
  it('a store that is out: each instance counts alone, and it is told now and then', async () => {
    let isOut = false
    const storage = failing(memory(), ({ key }) => isOut && key.startsWith('request-count/'))
    const { token, flood, all, clock, events } = several(2, { storage })
    const [one, other] = all
    isOut = true
    const unhandled = await unhandledDuring(async () => {
      for (let window = 0; window < 2; window++) {
        expect(await flood(() => token(nonsense, {}, one))).toBe(40)
        expect(await flood(() => token(nonsense, {}, other))).toBe(40)
        // The tries for one telling.
        for (let tick = 0; tick < 8; tick++) {
          clock.advance(1)
          await settled()
        }
        clock.advance(60)
      }
    })
    expect(unhandled).toEqual([])
    const told = events.filter(({ type }) => type === 'limits.failed')
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThanOrEqual(4)
    expect(told[0]).toMatchObject({ reason: 'storage', detail: expect.stringContaining('storage') })
    isOut = false
    await flood(() => token(nonsense, {}, one))
    await settled()
    expect(await countsIn(storage)).toHaveLength(1)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no such header')
      },
    ],
    ['is asynchronous', async () => 'ada'],
    ['is asynchronous and fails', () => Promise.reject(new Error('no such header'))],
    ['answers with a number', () => 7],
  ])('a key that %s: nobody is limited, and it is told once in a minute', async (_, key) => {
    const { register, flood, events, clock } = limited({ key: key as never, requests: { register: 1 } })
    const unhandled = await unhandledDuring(async () => {
      expect(await flood(() => register(), 30)).toBe(30)
    })
    expect(unhandled).toEqual([])
    const told = () => events.filter(({ type }) => type === 'limits.failed')
    expect(told()).toEqual([expect.objectContaining({ reason: 'key', detail: expect.any(String) })])
    clock.advance(60)
    await register()
    expect(told()).toHaveLength(2)
  })
})

describe('what is kept of senders', () => {
  const each = { key: byAddress, requests: { token: 2 } }

  it('has a bounded number of places, however many there are, and those who send most keep theirs', async () => {
    const { token, auth, storage, instance } = limited(each)
    await auth.ready()
    for (let turn = 0; turn < 2; turn++) await token(nonsense, { address: '192.0.2.1' })
    for (let sender = 0; sender < 1_500; sender++) {
      await token({}, { address: `10.${sender >> 16}.${(sender >> 8) & 255}.${sender & 255}` })
    }
    await settled()
    expect((await countsIn(storage)).length).toBeLessThanOrEqual(1024)
    const largest = await Promise.all(
      (await countsIn(storage)).map(async (key) => (await storage.get(key))?.value.length ?? 0),
    )
    expect(Math.max(...largest)).toBeLessThan(4096)
    // Another instance hears of the one that sent most.
    const other = instance()
    await token({}, { address: '192.0.2.1' }, other)
    await settled()
    expect((await token({}, { address: '192.0.2.1' }, other)).status).toBe(429)
  })

  it('ends with its window, and with the minute by which clocks may differ', async () => {
    const { token, storage, clock } = limited(each)
    await token(nonsense)
    await settled()
    expect(await countsIn(storage)).toHaveLength(1)
    clock.advance(120)
    expect(await countsIn(storage)).toHaveLength(0)
  })

  it('says nobody who they are: neither keys nor records nor events have an address', async () => {
    const { open } = sealer(keyRing(secret))
    const entries: string[] = []
    const store = memory()
    const storage = overriding(store, {
      put(...given) {
        entries.push(given[0], open(given[0], given[1]))
        return store.put(...given)
      },
    })
    const { token, flood, events } = limited(each, { storage })
    await flood(() => token(nonsense, { address: '198.51.100.77' }))
    await settled()
    expect(entries.some((entry) => entry.startsWith('request-count/'))).toBe(true)
    expect(entries.join('\n')).toContain('"count":')
    expect(entries.join('\n')).not.toContain('198.51')
    expect(JSON.stringify(events)).not.toContain('198.51')
  })
})
