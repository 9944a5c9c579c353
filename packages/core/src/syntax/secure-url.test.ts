import { describe, expect, it } from 'vitest'
import { isSecure, secureUrl } from './secure-url.ts'

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
