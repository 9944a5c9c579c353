import { EgressFailed, type EgressResponse } from './egress.ts'

/** What is asked of every host: nothing compressed, whose length would say little, and a name of our own. */
export function requestHeaders(given: Readonly<Record<string, string>> | undefined): Headers {
  const headers = new Headers(given)
  headers.set('accept-encoding', 'identity')
  headers.delete('host')
  if (!headers.has('user-agent')) headers.set('user-agent', 'drawbridge')
  return headers
}

/** @throws {EgressFailed} `encoding`: compressed all the same */
export function refuseEncoded(headers: Headers): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase()
  if (encoding && encoding !== 'identity') throw new EgressFailed('encoding')
}

/**
 * An answer with its whole body, counted while it arrives: a length header may lie or be left out.
 *
 * @throws {EgressFailed} `too_long`
 */
export async function boundedAnswer(
  { status, headers, chunks }: { status: number; headers: Headers; chunks: AsyncIterable<Uint8Array> },
  maxBytes: number,
): Promise<EgressResponse> {
  const isLong = Number(headers.get('content-length')) > maxBytes
  const body = isLong ? undefined : await counted(chunks, maxBytes)
  if (!body) throw new EgressFailed('too_long')
  return { status, headers, body }
}

/** What arrives, in one piece; `undefined` as soon as it is more than `limit`. */
export async function counted(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array | undefined> {
  const held: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.byteLength
    if (length > limit) return undefined
    held.push(chunk)
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of held) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
