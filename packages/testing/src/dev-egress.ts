import type { Egress, EgressFailure, EgressRequest, EgressResponse } from '@drawbridge/core/egress'
import { EgressFailed } from '@drawbridge/core/egress'
import type { Handler } from './listen.ts'
import { network } from './network.ts'

/** The guarded fetch of a pretend internet. Call it, or pass it as `egress`. */
export interface DevEgress extends Egress {
  /** What was asked for, in order, answered or not. */
  readonly requests: DevEgressRequest[]
  /**
   * From now on every fetch fails for this reason, at once: `unreachable` is an outage, `timeout` a host that is too slow,
   * `too_long` a document that is too large, `address` a name that leads into a private network. `none` ends it.
   */
  outage(reason: EgressFailure | 'none'): void
}

export interface DevEgressRequest extends EgressRequest {
  url: string
}

/**
 * A fetch from strangers' addresses that reaches the handlers of this process and nobody else, as {@link network} does.
 * It fails where the real one does, with `EgressFailed`: nobody answers, a handler throws, the answer is longer than
 * allowed or compressed, the URL is not https. It does not follow redirects. Of time it knows nothing: a handler may take
 * as long as it wants.
 *
 * @param hosts Handlers by origin, or one for all.
 * @example
 * ```ts
 * const egress = devEgress({ 'https://client.test': () => Response.json({ client_id: 'https://client.test/a.json' }) })
 * const { status, body } = await egress('https://client.test/a.json', { maxBytes: 5000, timeout: 10 })
 * ```
 */
export function devEgress(hosts: Readonly<Record<string, Handler>> | Handler): DevEgress {
  const answer = typeof hosts === 'function' ? hosts : network(hosts)
  const requests: DevEgressRequest[] = []
  let outage: EgressFailure | 'none' = 'none'

  const egress: Egress = async (url, request) => {
    requests.push({ url, ...request })
    if (outage !== 'none') throw new EgressFailed(outage)
    if (!/^https:\/\/[^/?#@]+([/?][^#]*)?$/i.test(url)) throw new EgressFailed('url')
    let response: Response
    let body: Uint8Array
    try {
      response = await answer(new Request(url, { headers: { ...request.headers } }))
      body = new Uint8Array(await response.arrayBuffer())
    } catch (cause) {
      throw new EgressFailed('unreachable', { cause })
    }
    if (response.headers.has('content-encoding')) throw new EgressFailed('encoding')
    if (body.byteLength > request.maxBytes) throw new EgressFailed('too_long')
    return { status: response.status, headers: response.headers, body } satisfies EgressResponse
  }
  return Object.assign(egress, {
    requests,
    outage(reason: EgressFailure | 'none') {
      outage = reason
    },
  })
}
