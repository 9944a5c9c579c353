import { expect, test } from 'vitest'
import { standalone } from './event-log.ts'
import { manualClock } from './mcp.fixture.ts'
import { memoryLogs } from './memory-log.ts'
import type { EventOptions } from './options.ts'
import { timers } from './timers.ts'

const notice = (text: string) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { data: text } })
const answer = (id: number, text = '') => ({ jsonrpc: '2.0', id, result: { text } })

function logs(options: EventOptions = {}) {
  const clock = manualClock()
  return { clock, make: memoryLogs(options, timers(clock)) }
}

async function textsAfter(log: ReturnType<ReturnType<typeof memoryLogs>>, id: string) {
  return (await log.after(id))?.events.map(({ message }) => JSON.stringify(message))
}

test('what came after an event is given back, in order and with the same ids', async () => {
  const log = logs().make()
  const first = await log.add('one', {}, [1])
  const second = await log.add('one', notice('a'), [1])
  await log.add('two', notice('of another stream'), [2])
  const third = await log.add('one', answer(1), [1])
  expect(await log.after(first)).toEqual({
    streamId: 'one',
    events: [
      { id: second, message: notice('a') },
      { id: third, message: answer(1) },
    ],
  })
  expect((await log.after(third))?.events).toEqual([])
})

test('a message that is changed afterwards is given back as it was sent', async () => {
  const log = logs().make()
  const first = await log.add('one', {}, [1])
  const message = answer(1, 'as sent')
  await log.add('one', message, [1])
  message.result.text = 'changed'
  expect((await log.after(first))?.events[0]?.message).toEqual(answer(1, 'as sent'))
})

test('of a long stream the newest are kept, and who comes back late gets those', async () => {
  const log = logs({ maxPerStream: 10 }).make()
  const first = await log.add('one', {}, [1])
  for (let step = 1; step <= 100; step += 1) await log.add('one', notice(`${step}`), [1])
  await log.add('one', answer(1), [1])
  const texts = await textsAfter(log, first)
  expect(texts).toHaveLength(10)
  expect(texts?.at(-1)).toBe(JSON.stringify(answer(1)))
})

test('who comes back too late for an answer cannot go on', async () => {
  const log = logs({ maxPerStream: 2 }).make()
  const first = await log.add('one', {}, [1, 2])
  const answered = await log.add('one', answer(1), [1, 2])
  await log.add('one', notice('a'), [1, 2])
  expect(await log.after(first)).toBeDefined()
  await log.add('one', notice('b'), [1, 2])
  expect(await log.after(first)).toBeUndefined()
  expect((await log.after(answered))?.events).toHaveLength(2)
})

test('the bytes of a session are bounded, and what is larger is not kept', async () => {
  const log = logs({ maxBytesPerSession: 10_000 }).make()
  const first = await log.add('one', {}, [1])
  await log.add('one', answer(1, 'x'.repeat(20_000)), [1])
  expect(await log.after(first)).toBeUndefined()
  const small = await log.add('two', {}, [2])
  await log.add('two', answer(2), [2])
  expect((await log.after(small))?.events).toHaveLength(1)
})

test('many small events are bounded, too', async () => {
  const log = logs({ maxBytesPerSession: 50_000, maxPerStream: 10_000 }).make()
  const first = await log.add('one', {}, [1])
  for (let step = 0; step < 5000; step += 1) await log.add('one', notice(''), [1])
  expect((await log.after(first))?.events.length).toBeLessThan(200)
})

test('who keeps most gives first, when all keep too much', async () => {
  const { make } = logs({ maxBytes: 100_000 })
  const modest = make()
  const first = await modest.add('one', {}, [1])
  await modest.add('one', answer(1), [1])
  const greedy = Array.from({ length: 5 }, make)
  const starts = await Promise.all(greedy.map((log) => log.add('one', {}, [1])))
  for (let step = 0; step < 100; step += 1) {
    for (const log of greedy) await log.add('one', notice('x'.repeat(1000)), [1])
  }
  expect((await modest.after(first))?.events).toHaveLength(1)
  const kept = await Promise.all(greedy.map((log, index) => log.after(starts[index] ?? '')))
  const counts = kept.map((replay) => replay?.events.length ?? 0)
  expect(counts.reduce((sum, count) => sum + count)).toBeLessThan(100)
  for (const count of counts) expect(count).toBeGreaterThan(5)
})

test('events expire; a request that is still worked on can be waited for all the same', async () => {
  const { clock, make } = logs({ keepSeconds: 300 })
  const log = make()
  const answered = await log.add('one', {}, [1])
  await log.add('one', answer(1), [1])
  const waiting = await log.add('two', notice('a'), [2])
  await clock.advance(299)
  expect((await log.after(answered))?.events).toHaveLength(1)
  await clock.advance(1)
  expect(await log.after(answered)).toBeUndefined()
  await clock.advance(600)
  await log.add('two', answer(2), [2])
  expect((await log.after(waiting))?.events).toHaveLength(1)
})

test('of streams that are never answered, as those of cancelled requests, the newest are kept', async () => {
  const log = logs().make()
  const listening = await log.add(standalone, {}, [])
  const ids: string[] = []
  for (let id = 0; id < 1100; id += 1) ids.push(await log.add(`${id}`, {}, [id]))
  expect(await log.after(ids[0] as string)).toBeUndefined()
  expect(await log.after(ids.at(-1) as string)).toEqual({ streamId: '1099', events: [] })
  expect((await log.after(listening))?.streamId).toBe(standalone)
})

test('the stream that listens can be resumed after hours of silence', async () => {
  const { clock, make } = logs()
  const log = make()
  await log.add(standalone, {}, [])
  const last = await log.add(standalone, notice('a'), [])
  await clock.advance(7200)
  await log.add(standalone, notice('b'), [])
  expect(await textsAfter(log, last)).toEqual([JSON.stringify(notice('b'))])
})

test('with its session everything is gone, and nothing keeps counting', async () => {
  const { make } = logs({ maxBytes: 10_000 })
  for (let session = 0; session < 100; session += 1) {
    const log = make()
    const first = await log.add('one', {}, [1])
    await log.add('one', answer(1, 'x'.repeat(5000)), [1])
    expect((await log.after(first))?.events).toHaveLength(1)
    log.end()
    expect(await log.after(first)).toBeUndefined()
    const late = await log.add('two', answer(2, 'x'.repeat(9000)), [])
    expect((await log.after(late))?.events ?? []).toEqual([])
  }
  const log = make()
  const first = await log.add('one', {}, [1])
  await log.add('one', answer(1, 'x'.repeat(9000)), [1])
  expect((await log.after(first))?.events).toHaveLength(1)
})
