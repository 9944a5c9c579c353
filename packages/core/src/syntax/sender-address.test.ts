import { expect, it } from 'vitest'
import { senderAddress } from './sender-address.ts'

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:0207', '192.0.2.7'],
  ['64:ff9b::c000:207', '192.0.2.7'],
  ['64:ff9b::1:c000:207', '64:ff9b:0:0::/64'],
])('%s is known as %s', (text, known) => {
  expect(senderAddress(text)).toBe(known)
})

it.each([
  '',
  'unknown',
  '192.0.2',
  '192.0.2.256',
  '192.0.2.07',
  '0x7f.0.0.1',
  '3221225479',
  ':',
  '1:2',
  'a]b:c',
  '::g',
])('"%s" is no address', (text) => {
  expect(senderAddress(text)).toBeUndefined()
})
