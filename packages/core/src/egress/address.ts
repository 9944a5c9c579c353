import ipaddr from 'ipaddr.js'
import { parsedIPv6 } from './ipv6.ts'

/** Public by its number, and yet only within one cloud: what its machines ask for their configuration. */
const platform = ipaddr.IPv4.parseCIDR('168.63.129.16/32')

/** The only part of IPv6 that addresses of the public internet are given from. Everything else is no stranger's. */
const allocated = ipaddr.IPv6.parseCIDR('2000::/3')

/** Where the last four bytes are the IPv4 address that the packets go to. */
const translated = ['::ffff:0:0/96', '64:ff9b::/96'].map((range) => ipaddr.IPv6.parseCIDR(range))

/**
 * Whether an address is one of a single machine on the public internet, by IANA's registries of special-purpose addresses.
 * IPv6 addresses that carry an IPv4 address are judged by that: mapped, NAT64, ISATAP. The forms that nobody serves from
 * any longer are refused as a whole: 6to4, Teredo, IPv4-compatible; so is NAT64 within one network (RFC 8215).
 *
 * @param address Four decimal parts, or IPv6 without brackets and zone. Any other spelling is no address.
 */
export function isGlobalUnicast(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return isPublic(ipaddr.IPv4.parse(address))
  const six = parsedIPv6(address)
  if (!six) return false
  const [, , , , hasIsatap = 0, isatap, high = 0, low = 0] = six.parts
  const last = new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255])
  if (translated.some((range) => six.match(range))) return isPublic(last)
  if (!six.match(allocated) || six.range() !== 'unicast') return false
  // RFC 5214 6.1: 0000:5efe or 0200:5efe, then the IPv4 address.
  return (hasIsatap & ~0x0200) === 0 && isatap === 0x5efe ? isPublic(last) : true
}

function isPublic(four: ipaddr.IPv4): boolean {
  return four.range() === 'unicast' && !four.match(platform)
}
