import ipaddr from 'ipaddr.js'
import { parsedIPv6 } from '../egress/ipv6.ts'

/**
 * What one sender is known by, of an IP address: an IPv4 address as it is, and of IPv6 the network of 64 bits, within which
 * whoever has one address has all (RFC 4291 2.5.1). An IPv4 address written as IPv6 is that IPv4 address, also behind a
 * translator (RFC 6052 2.1): otherwise everybody who comes through it would be one sender.
 *
 * @returns `undefined` for what is no address
 * @example
 * senderAddress('2001:DB8::7') // 2001:db8:0:0::/64
 * senderAddress('::ffff:192.0.2.7') // 192.0.2.7
 */
export function senderAddress(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  const six = parsedIPv6(text.replace(/%.*$/s, ''))
  if (!six) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, high = 0, low = 0] = six.parts
  const [isMapped, isTranslated] = [a === 0 && b === 0 && f === 0xffff, a === 0x64 && b === 0xff9b && f === 0]
  if ((isMapped || isTranslated) && c === 0 && d === 0 && e === 0) {
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  return `${[a, b, c, d].map((group) => group.toString(16)).join(':')}::/64`
}
