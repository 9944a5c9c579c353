import { describe, expect, it } from 'vitest'
import { type HostTrust, hostTrust } from './host-trust.ts'

describe('of the names that fit a host', () => {
  it.each<[string, HostTrust]>([
    ['app.example.com', 'allow'],
    ['other.example.com', 'warn'],
    ['deep.app.example.com', 'allow'],
    ['x.deep.app.example.com', 'allow'],
    ['example.com', 'deny'],
    ['notexample.com', 'deny'],
    ['loud.test', 'warn'],
  ])('its own decides, then the longest: %s is for %s', (host, trust) => {
    const table = {
      '*': 'deny',
      '*.example.com': 'warn',
      '*.app.example.com': 'allow',
      'app.example.com': 'allow',
      'LOUD.test': 'warn',
    } as const
    const reversed = Object.fromEntries(Object.entries(table).reverse())
    expect([hostTrust(table)(host), hostTrust(reversed)(host)]).toEqual([trust, trust])
  })

  it('its own decides also against a longer pattern', () => {
    expect(hostTrust({ '*.a.test': 'deny', 'b.a.test': 'allow' })('b.a.test')).toBe('allow')
  })

  it('none fits: it is let in', () => {
    expect(hostTrust({ 'a.test': 'deny' })('b.test')).toBe('allow')
  })
})

it.each<[string, unknown]>([
  ['a.test', 'yes'],
  ['a.test', true],
  ['a.test', undefined],
  ['https://a.test', 'deny'],
  ['a.test:8443', 'deny'],
  ['a.test/path', 'deny'],
  ['a.*.test', 'deny'],
  ['**', 'deny'],
  ['', 'deny'],
])('{ %j: %j } is a mistake of the operator, and told', (host, trust) => {
  expect(() => hostTrust({ [host]: trust as HostTrust })).toThrow(`hosts[${JSON.stringify(host)}]`)
})
