import { expect, test, vi } from 'vitest'
import { held } from './held-answer.ts'
import { manualClock, until } from './mcp.fixture.ts'
import { timers } from './timers.ts'

const data = 'event: message\ndata: {"jsonrpc":"2.0"}\n\n'

/** An answer that says what a test makes it say. */
function answer() {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const cancelled: unknown[] = []
  const stream = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created
    },
    cancel(reason) {
      cancelled.push(reason)
    },
  })
  const encoder = new TextEncoder()
  const headers = { 'content-type': 'text/event-stream', 'x-own': 'kept' }
  return {
    response: new Response(stream, { status: 207, headers }),
    say: (text: string) => controller.enqueue(encoder.encode(text)),
    end: () => controller.close(),
    fail: (error: unknown) => controller.error(error),
    cancelled,
  }
}

/** Begins to hold an answer back. */
function holding() {
  const clock = manualClock()
  const said = answer()
  let response: Response | undefined
  const done = held(said.response, timers(clock)).then((result) => {
    response = result
    return result
  })
  const turns = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...said, clock, done, turns, isHeld: () => response === undefined }
}

test('an answer is held until its first data, and arrives whole and in order', async () => {
  const { say, end, done, turns, isHeld } = holding()
  say(': hello\n\n')
  say('id: 1\ndata: \n\n')
  await turns()
  expect(isHeld()).toBe(true)
  say(data)
  const response = await done
  expect([response.status, response.headers.get('x-own')]).toEqual([207, 'kept'])
  say('data: {"more":1}\n\n')
  end()
  expect(await response.text()).toBe(`: hello\n\nid: 1\ndata: \n\n${data}data: {"more":1}\n\n`)
})

test('data is seen in whatever pieces it comes', async () => {
  const { say, end, done, turns, isHeld } = holding()
  say('da')
  say('ta')
  await turns()
  expect(isHeld()).toBe(true)
  say(': [')
  await done
  say(']\n\n')
  end()
  expect(await (await done).text()).toBe('data: []\n\n')
})

test('after a second it is held no longer, and what comes later arrives', async () => {
  const { say, end, done, clock, turns, isHeld } = holding()
  say(': still here\n\n')
  await clock.advance(0.9)
  await turns()
  expect(isHeld()).toBe(true)
  await clock.advance(0.2)
  const response = await done
  say(data)
  end()
  expect(await response.text()).toBe(`: still here\n\n${data}`)
})

test('one that talks without saying anything is not collected for ever', async () => {
  const { say, done } = holding()
  for (let line = 0; line < 11; line += 1) say(`: ${'x'.repeat(1000)}\n\n`)
  expect((await done).status).toBe(207)
})

test('an answer that ends without data, or has no body, is passed on', async () => {
  const { say, end, done } = holding()
  say(': bye\n\n')
  end()
  expect(await (await done).text()).toBe(': bye\n\n')
  const empty = new Response(null, { status: 202 })
  expect(await held(empty, timers(manualClock()))).toBe(empty)
})

test('who leaves ends the stream behind it, during the wait and after it', async () => {
  const early = holding()
  await early.clock.advance(2)
  await (await early.done).body?.cancel('left')
  expect(early.cancelled).toEqual(['left'])
  const late = holding()
  late.say(data)
  const reader = (await late.done).body?.getReader()
  await reader?.read()
  await reader?.cancel('left')
  expect(late.cancelled).toEqual(['left'])
})

test('a stream that fails while it is held fails for its reader, after what it said, and for nobody else', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  try {
    const failing = holding()
    failing.say(': one\n\n')
    await failing.turns()
    failing.fail(new Error('gone'))
    const reader = (await failing.done).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(': one\n\n')
    await expect(reader?.read()).rejects.toThrow('gone')
    // Nobody reads this one any more.
    const left = holding()
    await left.clock.advance(2)
    const { body } = await left.done
    left.fail(new Error('gone'))
    await left.turns()
    await body?.cancel().catch(() => {})
    await left.turns()
    expect(unhandled).not.toHaveBeenCalled()
  } finally {
    process.off('unhandledRejection', unhandled)
  }
})

test('the timer is called off', async () => {
  const cancel = vi.fn()
  const { response, say } = answer()
  const time = { now: () => 0, after: vi.fn(() => cancel) }
  const done = held(response, time)
  say(data)
  await done
  await until(() => cancel.mock.calls.length === 1)
  expect(time.after).toHaveBeenCalledWith(1000, expect.any(Function))
})
