import type { Timers } from './timers.ts'

/** Milliseconds that an answer without a word is held back. */
const longest = 1000

/** Characters without a word, after which there will be none. */
const mostCharacters = 10_000

/**
 * Waits until a stream says something, since until then the answer can still be a challenge: a handler may find that it
 * needs a sign-in. What carries no data, as comments and the first event of a stream that can be resumed, waits along.
 *
 * @returns the same answer, of which nothing is lost; where its stream fails, it fails for the reader
 */
export async function held(response: Response, time: Timers): Promise<Response> {
  const reader = response.body?.getReader()
  if (!reader) return response
  const read: Uint8Array[] = []
  const decoder = new TextDecoder()
  let said = ''
  let isOver = false
  let pending: ReturnType<typeof reader.read> | undefined
  let cancelTimer = () => {}
  const late = new Promise<'late'>((resolve) => {
    cancelTimer = time.after(longest, () => resolve('late'))
  })
  try {
    while (!isOver && !hasData(said) && said.length <= mostCharacters) {
      pending = reader.read()
      const next = await Promise.race([pending, late])
      if (next === 'late') break
      pending = undefined
      if (next.done) isOver = true
      else {
        read.push(next.value)
        said += decoder.decode(next.value, { stream: true })
      }
    }
  } catch {
    // Whoever reads on comes to it by `pending`, after what came before it.
  } finally {
    cancelTimer()
  }
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = read.shift()
      if (next) return controller.enqueue(next)
      if (isOver) return controller.close()
      const { done, value } = await (pending ?? reader.read())
      pending = undefined
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
  return new Response(stream, { status: response.status, headers: response.headers })
}

/** Whether there is an event with an object in it. */
function hasData(text: string): boolean {
  return /^data: ?[[{]/m.test(text)
}
