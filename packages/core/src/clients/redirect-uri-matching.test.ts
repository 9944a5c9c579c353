import { describe, expect, it } from 'vitest'
import { matchesRegistered } from './redirect-uri.ts'

describe('matchesRegistered', () => {
  it.each([
    ['https://example.com/cb', 'https://example.com/cb'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['http://localhost/callback', 'http://localhost:54545/callback'],
    ['http://localhost:1/callback', 'http://localhost:54545/callback'],
    ['http://localhost:1/callback', 'http://localhost/callback'],
    ['http://127.0.0.1/', 'http://127.0.0.1:33418/'],
    ['http://127.0.0.1', 'http://127.0.0.1:33418'],
    ['http://[::1]:1/cb', 'http://[::1]:2/cb'],
    ['http://localhost/cb?x=1', 'http://localhost:9/cb?x=1'],
  ])('%s is presented as %s', (registered, presented) => {
    expect(matchesRegistered(['https://other.example/cb', registered], presented)).toBe(true)
  })

  it.each([
    // nothing is normalised
    ['https://example.com/cb', 'https://example.com/cb/'],
    ['https://example.com/cb', 'https://EXAMPLE.com/cb'],
    ['https://example.com/cb', 'https://example.com:443/cb'],
    ['https://example.com/cb', 'https://example.com/x/../cb'],
    ['https://example.com/cb', 'https://example.com/%63b'],
    ['https://example.com/cb', 'https://example.com/cb?'],
    ['https://example.com/cb', 'https://example.com/cb?x=1'],
    ['https://example.com/cb', 'https://example.com/cb#'],
    ['https://example.com/cb', 'https://example.com/c'],
    ['https://example.com/cb', 'https://example.com/cbx'],
    // the port is free on http loopback only
    ['https://example.com:1/cb', 'https://example.com:2/cb'],
    ['https://localhost:1/cb', 'https://localhost:2/cb'],
    ['http://192.168.0.1:1/cb', 'http://192.168.0.1:2/cb'],
    ['cursor://localhost:1/cb', 'cursor://localhost:2/cb'],
    // the path is exact, the slash too
    ['http://127.0.0.1/', 'http://127.0.0.1:33418'],
    ['http://127.0.0.1:33418', 'http://127.0.0.1:33418/'],
    ['http://localhost/callback', 'http://localhost:1/callback/'],
    ['http://localhost/callback', 'http://localhost:1/callback/debug'],
    ['http://localhost/callback', 'http://localhost:1/callback?x=1'],
    ['http://localhost/callback', 'http://localhost:1/Callback'],
    // no crossing between names or schemes
    ['http://localhost/cb', 'http://127.0.0.1:1/cb'],
    ['http://127.0.0.1/cb', 'http://localhost:1/cb'],
    ['http://127.0.0.1/cb', 'http://[::1]:1/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.2:1/cb'],
    ['http://localhost/cb', 'https://localhost/cb'],
    ['http://localhost:1/cb', 'HTTP://LOCALHOST:1/cb'],
    // a "port" that leads elsewhere
    ['http://localhost/', 'http://localhost:80@evil.com/'],
    ['http://localhost:1@evil.com/', 'http://localhost:2@evil.com/'],
    ['http://127.0.0.1/', 'http://127.0.0.1:80@evil.com/'],
    ['http://localhost/', 'http://localhost\\@evil.com/'],
    ['http://localhost/', 'http://localhost.evil.com/'],
    ['http://localhost/', 'http://localhost:.evil.com/'],
    ['http://127.0.0.1/', 'http://127.0.0.1.evil.com/'],
    ['http://127.0.0.1/', 'http://127.0.0.1%2eevil.com/'],
    ['http://localhost/', 'http://localhost:1/\n'],
    ['http://localhost/', 'http://localhost:1\n/'],
    ['http://localhost/', 'http://localhost:/'],
  ])('%s is not presented as %j', (registered, presented) => {
    expect(matchesRegistered([registered], presented)).toBe(false)
  })

  it('matches nothing when nothing is registered', () => {
    expect(matchesRegistered([], 'https://example.com/cb')).toBe(false)
  })
})
