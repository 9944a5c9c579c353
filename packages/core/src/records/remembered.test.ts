import { expect, it } from 'vitest'
import { remembered } from './remembered.ts'

/** A record in a store whose reads end when they are told to, with what was there when they began. */
function setUp() {
  let now = 1_800_000_000_000
  let stored = 'first'
  let reads = 0
  let held: Promise<void> | undefined
  let broken = false
  const record = remembered<string>({
    clock: { now: () => now, sleep: async () => {} },
    rereadAfter: 300,
    async read() {
      reads++
      const seen = stored
      await held
      if (broken) throw new Error('out')
      return seen
    },
  })
  return {
    record,
    reads: () => reads,
    pass: (seconds: number) => {
      now += seconds * 1000
    },
    store: (value: string) => {
      stored = value
    },
    hold() {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = undefined
        release()
      }
    },
    breakDown: (is = true) => {
      broken = is
    },
  }
}

it('is a second old at the most, and read once by all who ask', async () => {
  const { record, reads, pass, store } = setUp()
  await Promise.all(Array.from({ length: 10 }, record.fresh))
  store('second')
  pass(1)
  expect([await record.fresh(), reads()]).toEqual(['first', 1])
  pass(0.001)
  expect(await Promise.all([record.fresh(), record.fresh()])).toEqual(['second', 'second'])
  expect(reads()).toBe(2)
  pass(299)
  expect([await record.current(), reads()]).toEqual(['second', 2])
})

it('is not what somebody began to read too long ago', async () => {
  const { record, pass, store, hold, reads } = setUp()
  const release = hold()
  const early = record.fresh()
  store('second')
  pass(1.001)
  const late = record.fresh()
  release()
  expect([await early, await late, reads()]).toEqual(['first', 'second', 2])
})

it('what was written here is not replaced by what was read before', async () => {
  const { record, hold, store } = setUp()
  const release = hold()
  const reading = record.read()
  store('written')
  await record.replace(async () => 'written')
  release()
  expect(await reading).toBe('written')
  expect(await record.fresh()).toBe('written')
})

it('in an outage goes on for a quarter of an hour, without asking each time, and then throws', async () => {
  const { record, pass, reads, breakDown } = setUp()
  await expect(record.fresh()).resolves.toBe('first')
  breakDown()
  pass(60)
  for (let again = 0; again < 5; again++) expect(await record.fresh()).toBe('first')
  expect(reads()).toBe(2)
  pass(11)
  expect(await record.fresh()).toBe('first')
  expect(reads()).toBe(3)
  pass(829)
  await expect(record.fresh()).rejects.toThrow('out')
  breakDown(false)
  await expect(record.fresh()).resolves.toBe('first')
})

it('is read again when the clock was set back', async () => {
  const { record, pass, store } = setUp()
  await record.fresh()
  store('second')
  pass(-3600)
  expect(await record.fresh()).toBe('second')
})

it('before anything was read, an outage is thrown', async () => {
  const { record, breakDown } = setUp()
  breakDown()
  await expect(record.fresh()).rejects.toThrow('out')
  await expect(record.current()).rejects.toThrow('out')
})
