import { describe, expect, it } from 'vitest'
import { forwardedAddress } from './forwarded-address.ts'

const clientAddress = '10.0.0.1'

function sender(
  forwarded: string | undefined,
  options: Parameters<typeof forwardedAddress>[0],
  header = 'x-forwarded-for',
) {
  const headers = new Headers(forwarded === undefined ? {} : { [header]: forwarded })
  return forwardedAddress(options)({ clientAddress, headers })
}

describe('of the addresses that were forwarded, the one that the outermost proxy of the operator wrote', () => {
  it.each<[string, number, string]>([
    ['192.0.2.7', 1, '192.0.2.7'],
    ['203.0.113.9, 192.0.2.7', 1, '192.0.2.7'],
    ['203.0.113.9,203.0.113.8, 192.0.2.7, 10.0.0.2', 2, '192.0.2.7'],
    ['192.0.2.7:5555', 1, '192.0.2.7'],
    ['[2001:db8::7]:5555', 1, '2001:db8:0:0::/64'],
    ['2001:db8::7', 1, '2001:db8:0:0::/64'],
  ])('%s, %i hops', (forwarded, hops, address) => {
    expect(sender(forwarded, { hops })).toBe(address)
  })

  it('in whichever header it writes', () => {
    expect(sender('192.0.2.7', { hops: 1, header: 'X-Real-IP' }, 'x-real-ip')).toBe('192.0.2.7')
    expect(sender('192.0.2.7', { hops: 1, header: 'X-Real-IP' })).toBe(clientAddress)
  })
})

it.each<[string | undefined, number]>([
  [undefined, 1],
  ['', 1],
  ['192.0.2.7', 2],
  ['192.0.2.7, unknown', 1],
  ['192.0.2.7,', 1],
])('with %s and %i hops it is who called', (forwarded, hops) => {
  expect(sender(forwarded, { hops })).toBe(clientAddress)
})

it.each<[unknown, string]>([
  [undefined, 'forwardedAddress()'],
  [{}, 'forwardedAddress.hops'],
  [{ hops: 0 }, 'forwardedAddress.hops'],
  [{ hops: '1' }, 'forwardedAddress.hops'],
  [{ hops: 1, header: 'Forwarded' }, 'forwardedAddress.header'],
  [{ hops: 1, header: 'a b' }, 'forwardedAddress.header'],
  [{ hop: 1 }, 'forwardedAddress.hop'],
])('%j is refused at construction', (options, option) => {
  let thrown: unknown
  try {
    forwardedAddress(options as never)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ name: 'ConfigurationError', option })
})
