/**
 * Fetches from an address that a stranger named: a client's metadata document, its `jwks_uri`. Never follows a redirect;
 * a 3xx comes back as its status.
 *
 * @throws {EgressFailed} whatever the reason
 * @example
 * const { status, body } = await egress(clientId, { maxBytes: 5 * 1024, timeout: 10 })
 */
export type Egress = (url: string, request: EgressRequest) => Promise<EgressResponse>

export interface EgressRequest {
  headers?: Readonly<Record<string, string>> | undefined
  /** Bytes of body at most; enforced while it arrives. */
  maxBytes: number
  /** Seconds in all: names, connection, headers and body. */
  timeout: number
}

export interface EgressResponse {
  status: number
  headers: Headers
  body: Uint8Array
}

/**
 * - `url`: nothing that is fetched at all: no https, a name of the own network, a fragment, ...
 * - `address`: leads to an address that is not public.
 * - `unreachable`: no such name, no connection, no good certificate, an answer that breaks off.
 * - `timeout`: was not there whole in time.
 * - `too_long`: more bytes than `maxBytes`.
 * - `encoding`: compressed, although asked not to be.
 * - `redirected`: the fetch of a `trustedProxy` followed a redirect by itself.
 * - `runtime`: there is no guarded fetch for this runtime; pass the option `egress`.
 */
export type EgressFailure =
  | 'url'
  | 'address'
  | 'unreachable'
  | 'timeout'
  | 'too_long'
  | 'encoding'
  | 'redirected'
  | 'runtime'

/** Why a fetch came to nothing, for the operator only. `message` is the same whatever the reason. */
export class EgressFailed extends Error {
  override readonly name = 'EgressFailed'
  readonly code = 'egress_failed'
  readonly reason: EgressFailure
  constructor(reason: EgressFailure, options: { cause?: unknown } = {}) {
    super('The address could not be fetched', options.cause === undefined ? undefined : options)
    this.reason = reason
  }
}
