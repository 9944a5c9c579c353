import { describe, expect, it } from 'vitest'
import { isGlobalUnicast } from './address.ts'

/**
 * Everything in IANA's two registries of special-purpose addresses and in those of multicast, by its first and its last
 * address; and the parts of IPv6 that are given to nobody. A few of them are reachable from everywhere, and no place for a
 * client's documents either.
 */
const special: [range: string, first: string, last: string][] = [
  ['0.0.0.0/8', '0.0.0.0', '0.255.255.255'],
  ['10.0.0.0/8', '10.0.0.0', '10.255.255.255'],
  ['100.64.0.0/10', '100.64.0.0', '100.127.255.255'],
  ['127.0.0.0/8', '127.0.0.0', '127.255.255.255'],
  ['169.254.0.0/16', '169.254.0.0', '169.254.255.255'],
  ['172.16.0.0/12', '172.16.0.0', '172.31.255.255'],
  ['192.0.0.0/24', '192.0.0.0', '192.0.0.255'],
  ['192.0.2.0/24', '192.0.2.0', '192.0.2.255'],
  ['192.31.196.0/24', '192.31.196.0', '192.31.196.255'],
  ['192.52.193.0/24', '192.52.193.0', '192.52.193.255'],
  ['192.88.99.0/24', '192.88.99.0', '192.88.99.255'],
  ['192.168.0.0/16', '192.168.0.0', '192.168.255.255'],
  ['192.175.48.0/24', '192.175.48.0', '192.175.48.255'],
  ['198.18.0.0/15', '198.18.0.0', '198.19.255.255'],
  ['198.51.100.0/24', '198.51.100.0', '198.51.100.255'],
  ['203.0.113.0/24', '203.0.113.0', '203.0.113.255'],
  ['224.0.0.0/4', '224.0.0.0', '239.255.255.255'],
  ['240.0.0.0/4', '240.0.0.0', '255.255.255.254'],
  ['255.255.255.255/32', '255.255.255.255', '255.255.255.255'],
  ['::/96, unspecified, loopback and IPv4-compatible', '::', '::ffff:ffff'],
  ['::ffff:0:0:0/96', '::ffff:0:808:808', '::ffff:0:ffff:ffff'],
  ['64:ff9b:1::/48', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::/64', '100::', '100::ffff:ffff:ffff:ffff'],
  ['100:0:0:1::/64', '100:0:0:1::', '100::1:ffff:ffff:ffff:ffff'],
  ['2001::/23', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001::/32, Teredo', '2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:2::/48', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
  ['2001:10::/28', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:20::/28', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::/32', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::/16, 6to4', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2620:4f:8000::/48', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::/20', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['4000::/3, given to nobody', '4000::', '5fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['5f00::/16', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['6000::/3, given to nobody', '6000::', '7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fc00::/7', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::/10', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fec0::/10', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::/8', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

it.each(special)('%s is no public host', (_, first, last) => {
  expect([isGlobalUnicast(first), isGlobalUnicast(last)]).toEqual([false, false])
})

const four = special.filter(([range]) => /^\d+\./.test(range)).flatMap(([, first, last]) => [first, last])

describe.each<[form: string, carrying: (address: string) => string]>([
  ['mapped (RFC 4291)', (address) => `::ffff:${address}`],
  ['NAT64 (RFC 6052)', (address) => `64:ff9b::${address}`],
  ['ISATAP (RFC 5214)', (address) => `2600:1406::5efe:${address}`],
  ['ISATAP of a public address', (address) => `2600:1406::200:5efe:${address}`],
])('%s', (_, carrying) => {
  it.each(four)('%s in it is no public host', (address) => {
    expect(isGlobalUnicast(carrying(address))).toBe(false)
  })

  it('leads where the public address in it does', () => {
    expect(isGlobalUnicast(carrying('93.184.215.14'))).toBe(true)
  })
})

it.each<[form: string, address: string]>([
  ['6to4', '2002:5db8:d70e::1'],
  ['Teredo', '2001:0:5db8:d70e:8000:63bf:a247:28f1'],
  ['IPv4-compatible', '::93.184.215.14'],
  ['NAT64 of one network', '64:ff9b:1::93.184.215.14'],
])('%s is refused, though the address in it is public', (_, address) => {
  expect(isGlobalUnicast(address)).toBe(false)
})

it.each([
  '169.254.169.254',
  '169.254.170.2',
  'fd00:ec2::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '::ffff:168.63.129.16',
])('what clouds tell their machines their credentials from is no public host: %s', (address) => {
  expect(isGlobalUnicast(address)).toBe(false)
})

it.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2001:200::',
  '2001:4860:4860::8888',
  '2606:4700::6810:84e5',
  '2a00:1450:4001:80b::200e',
])('%s is public', (address) => {
  expect(isGlobalUnicast(address)).toBe(true)
})

it.each([
  '',
  'localhost',
  '1.1.1',
  '16843009',
  '0x1010101',
  '1.1.1.0x1',
  '01.1.1.1',
  '1.1.1.1.',
  ' 1.1.1.1',
  '1.1.1.256',
  '[2606:4700::1]',
  '2606:4700::1%eth0',
  '2606:4700::1%1',
  '2606:4700:1',
  '::ffff:0177.0.0.1',
  '::ffff:010.0.0.1',
  '2606:4700::1]/@[::1',
])('"%s" is no address', (text) => {
  expect(isGlobalUnicast(text)).toBe(false)
})
