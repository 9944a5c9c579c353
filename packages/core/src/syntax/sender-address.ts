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
  if (isIPv4(text)) return text
  const groups = groupsOf(text.replace(/%.*$/s, ''))
  if (!groups) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, high = 0, low = 0] = groups
  const [isMapped, isTranslated] = [a === 0 && b === 0 && f === 0xffff, a === 0x64 && b === 0xff9b && f === 0]
  if ((isMapped || isTranslated) && c === 0 && d === 0 && e === 0) {
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  return `${[a, b, c, d].map((group) => group.toString(16)).join(':')}::/64`
}

function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
}

/** The eight groups of an IPv6 address (RFC 4291 2.2), in whichever of its spellings. */
function groupsOf(text: string): readonly number[] | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text) || !text.includes(':')) return undefined
  let host: string
  try {
    host = new URL(`http://[${text}]`).hostname
  } catch {
    return undefined
  }
  const [before = '', after] = host.slice(1, -1).split('::')
  const parts = (side: string) => (side === '' ? [] : side.split(':'))
  const [head, tail] = [parts(before), parts(after ?? '')]
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...gap, ...tail].map((group) => Number.parseInt(group, 16))
}
