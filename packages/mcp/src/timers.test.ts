import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { timers } from './timers.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const day = 86_400_000

// What setTimeout cannot hold, some 24 days, it takes for a millisecond.
test.each([1, 30, 365])('a timer of %s days waits as long', async (days) => {
  const then = vi.fn()
  timers(undefined).after(days * day, then)
  await vi.advanceTimersByTimeAsync(days * day - 1)
  expect(then).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(then).toHaveBeenCalledOnce()
})

test('a long one can be called off at any time', async () => {
  const then = vi.fn()
  const cancel = timers(undefined).after(60 * day, then)
  await vi.advanceTimersByTimeAsync(40 * day)
  cancel()
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(40 * day)
  expect(then).not.toHaveBeenCalled()
})
