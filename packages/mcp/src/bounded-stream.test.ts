import { expect, test, vi } from 'vitest'
import { boundedStream } from './bounded-stream.ts'

/** A source that a test writes to. */
function source() {
  const cancelled = vi.fn()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(created) {
      controller = created
    },
    cancel: cancelled,
  })
  return {
    stream,
    cancelled,
    write: (bytes: number) => controller?.enqueue(new Uint8Array(bytes)),
    close: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('who reads gets everything, however much it is', async () => {
  const { stream, write, close } = source()
  const read = new Response(boundedStream(stream, 1000)).arrayBuffer()
  for (let chunk = 0; chunk < 100; chunk += 1) {
    write(500)
    await settled()
  }
  close()
  expect((await read).byteLength).toBe(50_000)
})

test('one chunk may be longer than the bound', async () => {
  const { stream, write, close } = source()
  const bounded = boundedStream(stream, 1000)
  write(50_000)
  await settled()
  close()
  expect((await new Response(bounded).arrayBuffer()).byteLength).toBe(50_000)
})

test('who does not read is given up, and so is what waited', async () => {
  const { stream, write, cancelled } = source()
  const reader = boundedStream(stream, 1000).getReader()
  for (let chunk = 0; chunk < 3; chunk += 1) {
    write(500)
    await settled()
  }
  expect(cancelled).toHaveBeenCalledOnce()
  await expect(reader.read()).rejects.toThrow('does not read')
})

test('a source that fails fails its reader, and a reader that leaves ends the source', async () => {
  const failing = source()
  const failed = new Response(boundedStream(failing.stream)).text()
  failing.fail(new Error('broken source'))
  await expect(failed).rejects.toThrow('broken source')
  const left = source()
  await boundedStream(left.stream).cancel('gone')
  expect(left.cancelled).toHaveBeenCalledExactlyOnceWith('gone')
  await settled()
})
