/** Bytes that wait for who does not read. One chunk may be longer. */
const mostWaiting = 16 * 1024 * 1024

/**
 * Passes a stream on, and gives its reader up when too much waits for it: what the SDKs' transports write has no bound of
 * its own. Where events are kept, the client comes back and goes on.
 *
 * @param most bytes that may wait
 */
export function boundedStream(
  source: ReadableStream<Uint8Array>,
  most: number = mostWaiting,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Not awaited: nothing can be read before it has started.
        void pass(controller)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: most, size: (chunk) => chunk.byteLength },
  )

  async function pass(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        // Null: nobody reads any more.
        if (controller.desiredSize === null) return
        if (done) return controller.close()
        if (controller.desiredSize <= 0) throw new Error('a client does not read its stream')
        controller.enqueue(value)
      }
    } catch (error) {
      controller.error(error)
      reader.cancel(error).catch(() => {})
    }
  }
}
