import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { type HostTrust, hostTrust } from './host-trust.ts'

describe('the hosts that an operator names', () => {
  it('the most exact name decides, and a host that none fits is let in', () => {
    const trust = hostTrust({ '*.acme.dev': 'warn', 'app.acme.dev': 'allow', '*.eu.acme.dev': 'deny' })
    const hosts = ['app.acme.dev', 'x.acme.dev', 'x.eu.acme.dev', 'acme.dev', 'other.dev']
    expect(hosts.map(trust)).toEqual(['allow', 'warn', 'deny', 'allow', 'allow'])
    expect(hostTrust({ 'App.Acme.dev': 'allow', '*': 'deny' })('app.acme.dev')).toBe('allow')
    expect(hostTrust({})('other.dev')).toBe('allow')
  })

  it.each<[string, unknown, string]>([
    ['a list', ['app.acme.dev'], "metadataDocuments.hosts: is a list. Pass an object: { 'app.example.com'"],
    ['another word', { 'app.acme.dev': 'denied' }, 'hosts["app.acme.dev"]: is "denied". Use \'allow\''],
    ['an origin', { 'https://app.acme.dev': 'deny' }, 'is no host. Write it like'],
    // Either would fit no host, and keep nobody out.
    ['a star without its dot', { '*acme.dev': 'deny' }, 'is no host. Write it like'],
    ['a dot without its star', { '.acme.dev': 'deny' }, 'is no host. Write it like'],
    [
      'names that are let in anyway',
      { 'app.acme.dev': 'allow' },
      "keeps nobody out: hosts that it does not name are let in. Add '*': 'deny'",
    ],
  ])('%s is a mistake', (_, given, message) => {
    const build = () => hostTrust(given as Record<string, HostTrust>)
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(message)
  })
})

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
