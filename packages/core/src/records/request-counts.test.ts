import { expect, it } from 'vitest'
import type { Records } from './records.ts'
import { requestCounts } from './request-counts.ts'
import { slotsOf } from './slots.ts'
import { watched } from './watched.fixture.ts'

function counting(at = { seconds: 4_000_000_020 }) {
  const { store, storage } = watched()
  const clock = { now: () => at.seconds * 1000, sleep: async () => {} }
  const failures: unknown[] = []
  const instance = () =>
    requestCounts({
      records: store,
      clock,
      window: 60,
      onFailure: (error) => failures.push(error),
    })
  return { instance, storage, at, failures }
}

it('a name is told when it came an eighth of its limit, reached it, or comes again after some seconds', async () => {
  const { instance, at } = counting()
  const counts = instance()
  const told = async () => {
    const telling = counts.settle('a', 80)
    await telling
    return telling !== undefined
  }
  const add = (times: number) => {
    for (let turn = 0; turn < times; turn++) counts.add('a')
  }
  add(9)
  expect(await told()).toBe(false)
  add(1)
  expect(await told()).toBe(true)
  expect(await told()).toBe(false)
  add(1)
  expect(await told()).toBe(false)
  at.seconds += 5
  expect(await told()).toBe(true)
  add(60)
  expect(await told()).toBe(true)
  add(9)
  expect(counts.of('a')).toBe(80)
  expect(await told()).toBe(true)
})

it('what comes while it is told is told the next time, and nothing twice', async () => {
  const { instance } = counting()
  const [one, other] = [instance(), instance()]
  one.add('a')
  const telling = one.settle('a', 8)
  one.add('a')
  expect(one.settle('a', 8)).toBeUndefined()
  await telling
  await one.settle('a', 8)
  other.add('a')
  await other.settle('a', 8)
  expect([one.of('a'), other.of('a')]).toEqual([2, 3])
})

it('a new window begins at a multiple of its length, with nothing', async () => {
  const { instance, at } = counting()
  const counts = instance()
  counts.add('a')
  await counts.settle('a', 8)
  expect(counts.windowEnds()).toBe(4_000_000_080)
  at.seconds = 4_000_000_079
  expect(counts.of('a')).toBe(1)
  at.seconds = 4_000_000_080
  expect(counts.of('a')).toBe(0)
  expect(counts.settle('a', 8)).toBeUndefined()
  counts.add('a')
  expect(counts.of('a')).toBe(1)
})

it('very many names take a fixed number of places and of room, and those that came most stay', async () => {
  const { instance, storage } = counting()
  const counts = instance()
  const eager = Array.from({ length: 40 }, (_, index) => `eager ${index}`)
  for (const name of eager) {
    for (let turn = 0; turn < 5; turn++) counts.add(name)
    await counts.settle(name, 8)
  }
  for (let index = 0; index < 14_000; index++) {
    counts.add(`token ${index}`)
    await counts.settle(`token ${index}`, 8)
  }
  const { keys } = await storage.list('request-count/', { limit: 100_000 })
  expect(keys.length).toBeLessThanOrEqual(1024)
  const lengths = await Promise.all(
    keys.map(async (key) => JSON.parse(textOf((await storage.get(key))?.value)).v.counts.length),
  )
  expect(Math.max(...lengths)).toBe(16)
  const other = instance()
  for (const name of eager) {
    other.add(name)
    await other.settle(name, 8)
  }
  expect(eager.map((name) => other.of(name))).toEqual(eager.map(() => 6))
})

it('an instance whose place was taken by others does not forget what it has told', async () => {
  const { instance, storage } = counting()
  const counts = instance()
  for (let turn = 0; turn < 5; turn++) counts.add('a')
  await counts.settle('a', 8)
  const { keys } = await storage.list('request-count/')
  for (const key of keys) await storage.delete(key, { ifVersion: (await storage.get(key))?.version ?? '' })
  counts.add('a')
  await counts.settle('a', 8)
  expect(counts.of('a')).toBe(6)
})

it('who came often in the window before takes the place of nobody who comes in this one', async () => {
  const { instance, at } = counting()
  const isHere = (name: string) => slotsOf(name, 1024)[0] === slotsOf('a', 1024)[0]
  const names = Array.from({ length: 40_000 }, (_, index) => `${index}`)
    .filter(isHere)
    .slice(0, 17)
  const before = instance()
  for (const name of names) {
    for (let turn = 0; turn < 5; turn++) before.add(name)
    await before.settle(name, 8)
  }
  at.seconds += 60
  const [now, other] = [instance(), instance()]
  for (const [counts, name] of [
    [now, 'a'],
    [now, names[0] ?? ''],
    [other, 'a'],
  ] as const) {
    counts.add(name)
    await counts.settle(name, 8)
  }
  expect([names.length, other.of('a')]).toEqual([17, 2])
})

it('an instance remembers so many names, and forgets who was not seen for longest', () => {
  const counts = counting().instance()
  for (let index = 0; index <= 10_000; index++) counts.add(`${index}`)
  expect([counts.of('0'), counts.of('1'), counts.of('10000')]).toEqual([0, 1, 1])
})

/** Over a store that answers so. */
function over(peek: () => Promise<never>) {
  const at = { seconds: 4_000_000_020 }
  const failures: unknown[] = []
  const clock = { now: () => at.seconds * 1000, sleep: async () => {} }
  const onFailure = (error: unknown) => failures.push(error)
  const counts = requestCounts({ records: { peek } as unknown as Records, clock, window: 60, onFailure })
  const told = (name: string) => {
    counts.add(name)
    return counts.settle(name, 8)
  }
  return { at, failures, told }
}

it('a flood of senders has the store asked about a few of them at a time', () => {
  const { told } = over(() => new Promise(() => {}))
  const tellings = Array.from({ length: 100 }, (_, index) => told(`${index}`))
  expect(tellings.filter(Boolean)).toHaveLength(16)
})

it('a store that failed is left alone for some seconds, and that is told once', async () => {
  const { told, at, failures } = over(() => Promise.reject(new Error('out')))
  await Promise.all([told('a'), told('b')])
  expect(told('c')).toBeUndefined()
  at.seconds += 4
  expect(told('d')).toBeUndefined()
  at.seconds += 1
  await expect(told('e')).resolves.toBeUndefined()
  expect(failures).toHaveLength(2)
})

/** Without the seal of the fixture. */
function textOf(value = ''): string {
  return value.slice(value.indexOf('{'))
}
