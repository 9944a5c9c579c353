import { expect, test } from 'vitest'
import { bounded } from './bounded.ts'
import type { Dispatcher, Incoming } from './channel.ts'
import { manualClock, resource } from './mcp.fixture.ts'
import { timers } from './timers.ts'

/** A dispatcher whose answers come when the test says so. */
function slow() {
  const answers: ((response: Response) => void)[] = []
  const signals: AbortSignal[] = []
  let done = 0
  const inner: Dispatcher<unknown> = {
    serve: ({ signal }) => {
      signals.push(signal)
      return new Promise((resolve) => {
        answers.push((response) =>
          resolve({
            response,
            done: () => {
              done += 1
            },
          }),
        )
      })
    },
    close: async () => {},
  }
  const clock = manualClock()
  const limited = bounded(inner, { concurrent: 1, seconds: 60 }, timers(clock))
  const serve = (signal: AbortSignal = new AbortController().signal) =>
    limited.serve({ request: new Request(resource), signal } as Incoming)
  return { serve, answers, signals, clock, done: () => done }
}

test('a place is free when its client has left, though nobody stops working', async () => {
  const { serve, answers } = slow()
  const client = new AbortController()
  void serve(client.signal)
  expect((await serve()).response.status).toBe(503)
  client.abort()
  // Nor does one take a place who is gone on arrival.
  void serve(AbortSignal.abort())
  void serve()
  expect(answers).toHaveLength(3)
  expect((await serve()).response.status).toBe(503)
})

test('a place is given back once, however often that is said', async () => {
  const { serve, answers } = slow()
  const client = new AbortController()
  const first = serve(client.signal)
  answers[0]?.(new Response())
  const { done } = await first
  done()
  done()
  client.abort()
  void serve()
  expect((await serve()).response.status).toBe(503)
})

test('what takes too long is told to stop, and what still comes of it is dropped', async () => {
  const { serve, answers, signals, clock, done } = slow()
  const late = serve()
  await clock.advance(59)
  expect(signals[0]?.aborted).toBe(false)
  await clock.advance(1)
  const { response, done: left } = await late
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  expect(signals[0]?.aborted).toBe(true)
  left()
  let isCancelled = false
  const cancel = () => {
    isCancelled = true
  }
  answers[0]?.(new Response(new ReadableStream({ cancel })))
  await new Promise((resolve) => setImmediate(resolve))
  expect([done(), isCancelled]).toEqual([1, true])
})

test('an answer that comes in time is not called off later', async () => {
  const { serve, answers, signals, clock } = slow()
  const pending = serve()
  answers[0]?.(new Response('in time'))
  expect(await (await pending).response.text()).toBe('in time')
  await clock.advance(120)
  expect(signals[0]?.aborted).toBe(false)
})
