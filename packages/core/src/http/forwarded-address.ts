import { ConfigurationError } from '../errors.ts'
import { checkCall, wholeNumber } from '../known-options.ts'
import { senderAddress } from '../syntax/sender-address.ts'

/** Options of {@link forwardedAddress}. */
export interface ForwardedAddressOptions {
  /**
   * How many proxies of your own stand in front of this process, one behind the other. Each writes down whom it was called
   * by; counted from the right, so that nobody else's word decides.
   */
  hops: number
  /** The header they write. Default `x-forwarded-for`. */
  header?: string | undefined
}

/**
 * Tells senders apart by what your own proxies write about them, for `limits.key` and `registration.key`. A request with
 * fewer entries than there are proxies, or with something else than an address in the place, has not come through them: it
 * is known by its `clientAddress`.
 *
 * Where the framework is already told to trust proxies (`trust proxy` of Express, `trustProxy` of Fastify),
 * `({ clientAddress }) => clientAddress` says the same. Never name more hops than there are: the entries further left are
 * whatever the sender wrote.
 *
 * @throws {ConfigurationError} when `hops` is no whole number from 1 on, or the header is not a list of addresses
 * @example
 * limits: { key: forwardedAddress({ hops: 1 }) }
 */
export function forwardedAddress(
  options: ForwardedAddressOptions,
): (request: { clientAddress?: string | undefined; headers: Headers }) => string | undefined {
  const prefix = 'forwardedAddress.'
  checkCall<ForwardedAddressOptions>(
    'forwardedAddress({ hops: 1 })',
    options,
    { hops: true, header: 'text' },
    prefix,
  )
  const { hops, header = 'x-forwarded-for' } = options
  const fix =
    'Pass how many proxies of your own stand in front, at least 1. Without any, use `({ clientAddress }) => clientAddress`.'
  wholeNumber(`${prefix}hops`, hops, 1, fix)
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header) || header.toLowerCase() === 'forwarded') {
    throw new ConfigurationError(
      `${prefix}header`,
      `${JSON.stringify(header)} is no header with a list of addresses`,
      'Leave it out for x-forwarded-for, or name the one that your proxy writes, such as x-real-ip.',
    )
  }
  return ({ clientAddress, headers }) => {
    const entry = headers.get(header)?.split(',').at(-hops)?.trim() ?? ''
    return senderAddress(withoutPort(entry)) ?? clientAddress
  }
}

/** Some proxies write the port as well: `192.0.2.7:5555`, `[2001:db8::7]:5555`. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(entry) ?? []
  return bracketed ?? plain ?? entry
}
