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
  if (!body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(unreadable)
      if (done) break
      length += value.byteLength
      if (length > limit) return undefined
      chunks.push(value)
    }
  } finally {
    // Not awaited: what sends the body need not ever hear of it.
    reader.cancel().catch(() => {})
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

function unreadable(cause: unknown): never {
  if (isNamed<UnreadableBody>(cause, 'UnreadableBody')) throw cause
  throw new UnreadableBody('The body did not arrive whole.', { cause })
}
