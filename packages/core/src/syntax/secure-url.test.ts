import { describe, expect, it } from 'vitest'
import { hostOrigin, isSecure, secureUrl } from './secure-url.ts'

describe('isSecure', () => {
  it.each([
    'https://mcp.test',
    'https://localhost',
    'http://localhost:3000',
    'http://127.1:80',
    'http://[::1]',
  ])('is %s', (url) => {
    expect(isSecure(new URL(url))).toBe(true)
  })

  it.each(['http://mcp.test', 'http://0.0.0.0', 'ftp://localhost', 'ws://127.0.0.1', 'localhost:3000'])(
    'is not %s',
    (url) => {
      expect(isSecure(new URL(url))).toBe(false)
    },
  )
})

describe('secureUrl', () => {
  it('takes https anywhere, and http on this machine', () => {
    expect(secureUrl('x', 'https://mcp.test/mcp', '').pathname).toBe('/mcp')
    expect(secureUrl('x', 'http://localhost:3000/mcp', '').port).toBe('3000')
  })

  it.each([
    ['/mcp', 'not an absolute URL'],
    ['http://mcp.test/mcp', 'not https'],
    ['ftp://localhost/mcp', 'not https'],
    ['https://mcp.test/mcp#top', 'fragment'],
    ['https://mcp.test/mcp#', 'fragment'],
  ])('refuses %s', (url, reason) => {
    expect(() => secureUrl('resource', url, 'Fix it.')).toThrow(new RegExp(`^resource: .*${reason}.*Fix it`))
  })

  it('refuses credentials without repeating them', () => {
    const attempt = () => secureUrl('jwksUri', 'https://user:hunter2@mcp.test/', '')
    expect(attempt).toThrow('credentials')
    expect(attempt).not.toThrow('hunter2')
  })
})

describe('hostOrigin', () => {
  const origin = (host: string) => hostOrigin('domain', host, 'acme.auth.dev')

  it('takes a host, and an origin', () => {
    expect(origin('Acme.auth.dev')).toBe('https://acme.auth.dev')
    expect(origin('acme.auth.dev:8443')).toBe('https://acme.auth.dev:8443')
    expect(origin('http://localhost:4000/')).toBe('http://localhost:4000')
  })

  it.each(['', 'acme.auth.dev/login', 'https://acme.auth.dev/a', 'acme.auth.dev?a=b', 'not a host'])(
    'refuses "%s"',
    (host) => {
      expect(() => origin(host)).toThrow(/domain: .*acme\.auth\.dev/)
    },
  )

  it('refuses what anybody on the way could read', () => {
    expect(() => origin('http://acme.auth.dev')).toThrow(/domain: "http:\/\/acme.auth.dev" is not https/)
  })
})
