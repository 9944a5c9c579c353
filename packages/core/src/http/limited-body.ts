import { counted } from '../egress/bounded-answer.ts'
import { isNamed, UnreadableBody } from '../errors.ts'

/**
 * The bytes of a body, which may come from a stranger: counted while they arrive, since a length header may lie or be
 * left out. `undefined`: there are more than `limit`.
 *
 * @throws {UnreadableBody} when somebody has read it before, and when it does not arrive whole
 * @example
 * const bytes = await limitedBody(request, 64 * 1024)
 */
export async function limitedBody(
  { body, bodyUsed, headers }: Pick<Request, 'body' | 'bodyUsed' | 'headers'>,
  limit: number,
): Promise<Uint8Array | undefined> {
  if (bodyUsed || body?.locked) {
    throw new UnreadableBody(
      'The body was already read on this server. Mount Drawbridge before any body parser.',
    )
  }
  if (Number(headers.get('content-length')) > limit) return undefined
  return body ? counted(chunksOf(body), limit) : new Uint8Array()
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(unreadable)
      if (done) return
      yield value
    }
  } finally {
    // Not awaited: what sends the body need not ever hear of it.
    reader.cancel().catch(() => {})
  }
}

function unreadable(cause: unknown): never {
  if (isNamed<UnreadableBody>(cause, 'UnreadableBody')) throw cause
  throw new UnreadableBody('The body did not arrive whole.', { cause })
}
