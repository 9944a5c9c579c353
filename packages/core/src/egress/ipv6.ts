import ipaddr from 'ipaddr.js'

/**
 * An IPv6 address without brackets and zone (RFC 4291 2.2). The platform's parser decides what is one: that of `ipaddr.js`
 * takes octal numbers for decimal ones.
 *
 * @returns `undefined` for what is no such address
 */
export function parsedIPv6(text: string): ipaddr.IPv6 | undefined {
  if (!/^[\da-f.]*:[\da-f:.]*$/i.test(text)) return undefined
  const url = `https://[${text}]`
  return URL.canParse(url) ? ipaddr.IPv6.parse(new URL(url).hostname.slice(1, -1)) : undefined
}
