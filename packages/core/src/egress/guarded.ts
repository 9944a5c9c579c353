import { isNamed } from '../errors.ts'
import { isGlobalUnicast } from './address.ts'
import { attempt, type Deadline } from './attempt.ts'
import { boundedAnswer, refuseEncoded, requestHeaders } from './bounded-answer.ts'
import { type Egress, EgressFailed } from './egress.ts'
import { fetchable } from './url.ts'

/** Every address of a name, IPv4 and IPv6. Rejects where there is none. */
export type Resolve = (name: string, signal: AbortSignal) => Promise<readonly string[]>

/**
 * Sends a GET request over a connection of its own to exactly `address`, and takes the answer only from who has a
 * certificate for `certifiedFor`. When the signal aborts, the connection is gone.
 */
export type Connect = (request: ConnectRequest, signal: AbortSignal) => Promise<Answer>

export interface ConnectRequest {
  address: string
  port: number
  /** A name, or the address again. */
  certifiedFor: string
  /** Path and query. */
  path: string
  /** `host` among them. */
  headers: Headers
}

export interface Answer {
  status: number
  headers: Headers
  chunks: AsyncIterable<Uint8Array>
  /** Ends the connection, read to its end or not. */
  close(): void
}

/** No connection came about, and nothing was sent: another address of the name may do. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection'
}

export interface GuardedEgressParts {
  resolve: Resolve
  connect: Connect
  deadline?: Deadline | undefined
}

/** A name may have any number of addresses; so many are tried. */
const tries = 4

/**
 * The guard where we make connections by ourselves: resolves the name once, wants all of its addresses to be public, and
 * connects to what it looked at. A name that leads elsewhere a moment later leads nobody there.
 */
export function guardedEgress({
  resolve,
  connect,
  deadline = AbortSignal.timeout,
}: GuardedEgressParts): Egress {
  return async (text, { headers: given, maxBytes, timeout }) => {
    const { url, port, host, isAddress } = fetchable(text)
    const headers = requestHeaders(given)
    headers.set('host', url.host)
    const signal = deadline(Math.ceil(timeout * 1000))
    return attempt(signal, async () => {
      const addresses = isAddress ? [host] : await publicAddresses(host, resolve, signal)
      const path = url.pathname + url.search
      const answer = await first(addresses, (address) => {
        signal.throwIfAborted()
        return connect({ address, port, certifiedFor: host, path, headers }, signal)
      })
      try {
        refuseEncoded(answer.headers)
        return await boundedAnswer(answer, maxBytes)
      } finally {
        answer.close()
      }
    })
  }
}

/** One that is not public speaks against all: whoever gives such an answer wants to be taken somewhere. */
async function publicAddresses(name: string, resolve: Resolve, signal: AbortSignal) {
  const addresses = await resolve(name, signal)
  if (addresses.length === 0 || !addresses.every(isGlobalUnicast)) throw new EgressFailed('address')
  return addresses
}

async function first(
  addresses: readonly string[],
  connect: (address: string) => Promise<Answer>,
): Promise<Answer> {
  let last: unknown
  for (const address of addresses.slice(0, tries)) {
    try {
      return await connect(address)
    } catch (error) {
      if (!isNamed<NoConnection>(error, 'NoConnection')) throw error
      last = error
    }
  }
  throw last
}
