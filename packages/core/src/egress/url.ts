import { isGlobalUnicast } from './address.ts'
import { EgressFailed } from './egress.ts'

/** Where a fetch goes. */
export interface Target {
  url: URL
  port: number
  /** Without the brackets of an IPv6 address. */
  host: string
  /** Nothing is left to resolve. */
  isAddress: boolean
}

/** Names that a network gives its own machines. A resolver that is asked for them tells others of it (mDNS). */
const ownNetwork = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/

/**
 * Whether a URL that a stranger wrote may be fetched at all, before any name is resolved: https, written so that there are
 * no two ways to read it, and to a public name or address. Addresses are checked in any spelling that the platform's URL
 * parser takes for one: decimal, octal, hexadecimal, shortened, mapped.
 *
 * @throws {EgressFailed} `url` or `address`
 */
export function fetchable(text: string): Target {
  // No user name, fragment, backslash, blank or control character; the parser would drop or turn some of them.
  if (!/^https:\/\/[^/?#@\\\s\p{Cc}]+([/?][^#\\\s\p{Cc}]*)?$/iu.test(text) || !URL.canParse(text)) {
    throw new EgressFailed('url')
  }
  const url = new URL(text)
  const port = Number(url.port || 443)
  if (port !== 443 && port < 1024) throw new EgressFailed('url')
  // The parser writes an IPv4 address in four decimal parts, whatever it was before.
  const address = /^(?:\[(.+)\]|(\d+\.\d+\.\d+\.\d+))$/.exec(url.hostname)
  if (address) {
    const literal = address[1] ?? address[2] ?? ''
    if (!isGlobalUnicast(literal)) throw new EgressFailed('address')
    return { url, port, host: literal, isAddress: true }
  }
  const host = url.hostname
  if (!/^[\w-]{1,63}(\.[\w-]{1,63})+$/.test(host) || host.length > 253 || ownNetwork.test(host)) {
    throw new EgressFailed('url')
  }
  return { url, port, host, isAddress: false }
}
