import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'

/** Lets everything that is already resolved run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('fakeClock', () => {
  it('starts where told, in milliseconds, and moves in seconds', () => {
    const clock = fakeClock(new Date('2031-05-01T00:00:00Z'))
    clock.advance(1.5)
    expect(clock.now()).toBe(Date.parse('2031-05-01T00:00:01.500Z'))
    expect(fakeClock(5000).now()).toBe(5000)
  })

  it('starts at a whole second of the present by default', () => {
    const before = Date.now()
    const now = fakeClock().now()
    expect(now % 1000).toBe(0)
    expect(now).toBeGreaterThan(before - 1001)
    expect(now).toBeLessThanOrEqual(Date.now())
  })

  it('wakes a sleeper at its end and not before', async () => {
    const clock = fakeClock()
    let awake = false
    void clock.sleep(2000).then(() => {
      awake = true
    })
    clock.advance(1.999)
    await settled()
    expect(awake).toBe(false)
    clock.advance(0.001)
    await settled()
    expect(awake).toBe(true)
  })

  it('knows whether anybody sleeps', async () => {
    const clock = fakeClock()
    expect(clock.isAwaited()).toBe(false)
    void clock.sleep(0)
    expect(clock.isAwaited()).toBe(false)
    void clock.sleep(1000)
    expect(clock.isAwaited()).toBe(true)
    clock.advance(1)
    expect(clock.isAwaited()).toBe(false)
  })

  it('wakes sleepers in the order of their ends', async () => {
    const clock = fakeClock()
    const woken: number[] = []
    for (const milliseconds of [3000, 1000, 2000])
      void clock.sleep(milliseconds).then(() => woken.push(milliseconds))
    clock.advance(10)
    await settled()
    expect(woken).toEqual([1000, 2000, 3000])
  })

  it('counts a sleep begun after waking from the new time', async () => {
    const clock = fakeClock()
    let awake = false
    void clock
      .sleep(1000)
      .then(() => clock.sleep(1000))
      .then(() => {
        awake = true
      })
    clock.advance(60)
    await settled()
    expect(awake).toBe(false)
    clock.advance(1)
    await settled()
    expect(awake).toBe(true)
  })

  it('does not sleep for zero or less', async () => {
    const clock = fakeClock()
    await clock.sleep(0)
    await clock.sleep(-5)
  })

  it('refuses what is no time, and going back', () => {
    expect(() => fakeClock(new Date('tomorrow'))).toThrow(RangeError)
    expect(() => fakeClock().advance(-1)).toThrow('cannot advance by -1 seconds')
    expect(() => fakeClock().advance(Number.NaN)).toThrow(RangeError)
  })
})
