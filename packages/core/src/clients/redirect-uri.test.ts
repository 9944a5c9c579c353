import { describe, expect, it } from 'vitest'
import { appendParameters, matchesRegistered, redirectKind, redirectUriPolicy } from './redirect-uri.ts'

const own = { issuer: 'https://mcp.acme.dev' }
const policy = redirectUriPolicy(undefined, own)

describe('what products register', () => {
  it.each([
    'https://claude.ai/api/mcp/auth_callback',
    'https://claude.com/api/mcp/auth_callback',
    'http://localhost:54545/callback',
    'http://localhost/callback',
    'https://chatgpt.com/connector/oauth/Zx-9_a',
    'http://127.0.0.1:37819/callback/q0x',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'https://www.cursor.com/agents/mcp/oauth/callback',
    'http://localhost:8787/callback',
    'http://127.0.0.1:33418/',
    'http://127.0.0.1/',
    'http://127.0.0.1:33418',
    'https://vscode.dev/redirect',
    'https://insiders.vscode.dev/redirect',
    'http://localhost:7777/oauth/callback',
    'http://localhost:6274/oauth/callback/debug',
    'http://[::1]:4711/cb',
    'http://127.8.9.10:1/cb',
    'raycast://oauth?package_name=mcp_server_example_(dev)',
    'https://raycast.com/redirect?packageName=Extension',
    'com.raycast:/oauth?package_name=Extension',
    'com.example.app:/oauth2redirect/provider',
    'com.example.app:oauth2redirect',
    'com.example.app:///oauth2redirect',
    'com.Example.App:/oauth2redirect',
    'vscode-insiders://vscode.mcp/oauth/callback',
    'warp://mcp/oauth2callback',
    'https://xn--bcher-kva.example/cb',
    'https://example.com:8443/cb?tenant=a%20b&x[]'.replace('[]', '%5B%5D'),
  ])('%s is accepted from a native client', (uri) => {
    expect(policy.refuse(uri, 'native')).toBeUndefined()
  })

  it.each(['https://claude.ai/api/mcp/auth_callback', 'https://203.0.113.7/cb'])(
    '%s is accepted from a web client',
    (uri) => {
      expect(policy.refuse(uri, 'web')).toBeUndefined()
    },
  )
})

describe('what is always refused', () => {
  it.each([
    // schemes that run or read something
    'javascript:alert(1)//example.com',
    'JavaScript:alert(1)',
    'javascript://localhost/%0aalert(1)',
    'data:text/html,hello',
    'file:///etc/passwd',
    'vbscript:msgbox(1)',
    'blob:https://example.com/1',
    'about:blank',
    'intent://scan/#Intent;scheme=zxing;end',
    'filesystem:https://example.com/temporary/x',
    // userinfo
    'https://user:pass@example.com/cb',
    'https://user@example.com/cb',
    'https://@example.com/cb',
    'http://127.0.0.1:80@evil.com/cb',
    'http://localhost:1@evil.com/cb',
    'cursor://user@anysphere.cursor-mcp/cb',
    // fragments
    'https://example.com/cb#x',
    'https://example.com/cb#',
    'cursor://anysphere.cursor-mcp/cb#',
    'http://localhost#@evil.com/',
    // dot segments
    'https://example.com/app/../evil',
    'https://example.com/app/..',
    'https://example.com/./cb',
    'https://example.com/app/%2e%2e/evil',
    'https://example.com/app/.%2E/evil',
    'https://example.com/app/..%2fevil',
    'https://example.com/app%2f..%2fevil',
    'https://example.com/app%5c..%5cevil',
    'https://example.com/app/%252e%252e/evil',
    'https://example.com/app/..;/evil',
    'com.example.app:/a/../b',
    // not absolute
    '',
    'callback',
    '/callback',
    '//example.com/cb',
    'example.com/cb',
    '127.0.0.1:8080/cb',
    '://example.com',
    // malformed or missing hosts and ports
    'https://',
    'https:///cb',
    'https:/example.com/cb',
    'https:example.com/cb',
    'https://example.com:/cb',
    'https://example.com:0/cb',
    'https://example.com:65536/cb',
    'https://example.com:8x/cb',
    'https://example..com/cb',
    'https://example.com./cb',
    'https://.example.com/cb',
    'https://[::1/cb',
    'https://*.example.com/cb',
    'cursor://',
    'cursor:',
    'cursor:///',
    // characters that parsers disagree about
    'http://localhost\\@evil.com/cb',
    'https:\\\\example.com/cb',
    'https://example.com\\@localhost/cb',
    'https://example.com/a b',
    ' https://example.com/cb',
    'https://example.com/cb\n',
    'https://exa\tmple.com/cb',
    'java\tscript:alert(1)',
    'https://example.com/\u0000',
    'https://ex\u00e4mple.com/cb',
    'https://example\uff0ecom/cb',
    'https://example.com/\u202ebc',
    'https://example.com/%zz',
    'https://example.com/%',
    'https://example.com/a[1]',
    'https://example.com/"onclick',
    'https://example.com/<b>',
    'https://127.0.0.1%2eevil.com/cb',
    'http://127.0.0.1%2eevil.com/cb',
    'https://%65xample.com/cb',
    // odd spellings of addresses
    'http://0x7f.1/cb',
    'http://0x7f000001/cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://0177.0.0.1/cb',
    'http://127.0.0.01/cb',
    'http://127.0.0.256/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://[::ffff:7f00:1]/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    'http://[::1]./cb',
    'https://[fe80::1%25eth0]/cb',
    // http elsewhere
    'http://example.com/cb',
    'http://localhost.evil.com/cb',
    'http://127.0.0.1.evil.com/cb',
    'http://evil.com/localhost',
    'http://app.localhost/cb',
    'http://0.0.0.0/cb',
    'http://10.0.0.1/cb',
    'http://128.0.0.1/cb',
    // private-use schemes nobody vouches for
    'myapp://cb',
    'localhost:3000/cb',
    'urn:ietf:wg:oauth:2.0:oob',
    'com.:/cb',
    // our own parameters
    'https://example.com/cb?code=x',
    'https://example.com/cb?a=1&iss=https://evil.example',
    'https://example.com/cb?%73tate=x',
    'https://example.com/cb?error=',
    `https://example.com/${'a'.repeat(2048)}`,
  ])('%j', (uri) => {
    expect(policy.refuse(uri, 'native')).toEqual(expect.any(String))
    expect(policy.refuse(uri, 'web')).toEqual(expect.any(String))
    // not for static clients either, unless it is their scheme that nobody else vouches for
    const unknownScheme = /private-use scheme/.test(policy.refuse(uri, 'native') ?? '')
    expect(policy.refuse(uri, 'native', { source: 'static' }) === undefined).toBe(unknownScheme)
  })

  it('says what to do about the mistakes people make', () => {
    expect(policy.refuse('https:/example.com/cb', 'native')).toContain('no host after https://')
    expect(policy.refuse('http://example.com/cb', 'native')).toContain('use https')
    expect(policy.refuse('myapp://cb', 'native')).toContain('use one with a dot')
  })

  it('names the value in characters that an error description may have', () => {
    const reason = policy.refuse('https://example.com/"\u202e\n\\', 'native')
    expect(reason).toContain('https://example.com/?')
    expect(reason).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(policy.refuse(`https://example.com/${'a'.repeat(9000)}`, 'native')?.length).toBeLessThan(300)
  })

  it('accepts 2048 characters and no more', () => {
    const uri = 'https://example.com/'.padEnd(2048, 'a')
    expect(policy.refuse(uri, 'native')).toBeUndefined()
    expect(policy.refuse(`${uri}a`, 'native')).toContain('2048')
  })

  it('never accepts an http(s) URI that a browser would rewrite before the path', () => {
    const hosts = [
      'LOCALHOST',
      'localhost',
      '127.0.0.1',
      '127.0.0.1.',
      '127.0.1',
      '0x7f.0.0.1',
      '[::1]',
      '[0::1]',
    ]
    for (const scheme of ['http', 'HTTP', 'https']) {
      for (const host of hosts) {
        for (const port of ['', ':80', ':443', ':1', ':00080', ':+80']) {
          const uri = `${scheme}://${host}${port}/`
          if (policy.refuse(uri, 'native') !== undefined) continue
          expect(new URL(uri).hostname).toBe(host.toLowerCase())
          expect(['localhost', '127.0.0.1', '[::1]']).toContain(host.toLowerCase())
        }
      }
    }
    expect(policy.refuse('HTTP://LOCALHOST:1/', 'native')).toBeUndefined()
  })

  it('refuses hostile input quickly', () => {
    const started = performance.now()
    for (const piece of ['%25', '../', '%2e', 'a.', '&a=', '%252f', '(', ':']) {
      policy.refuse(`https://example.com/${piece.repeat(100_000)}`, 'native')
      policy.refuse(`https://example.com/${piece.repeat(2000).slice(0, 2000)}`, 'native')
      policy.refuse(`https://${piece.repeat(2000).slice(0, 2000)}`, 'native')
    }
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('application_type web', () => {
  it.each([
    'http://localhost:8787/callback',
    'http://127.0.0.1/',
    'http://[::1]/',
    'https://localhost/cb',
    'https://localhost:8443/cb',
    'https://127.0.0.1/cb',
    'https://127.9.9.9/cb',
    'https://[::1]/cb',
    'https://[::ffff:7f00:1]/cb',
    'https://0.0.0.0/cb',
    'https://[::]/cb',
    'https://app.localhost/cb',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'com.example.app:/cb',
  ])('refuses %s', (uri) => {
    expect(policy.refuse(uri, 'web')).toContain('application_type web')
  })

  it('lets a native client use https on loopback', () => {
    expect(policy.refuse('https://localhost:8443/cb', 'native')).toBeUndefined()
  })
})

describe('our own endpoints', () => {
  it.each([
    ['https://mcp.acme.dev', 'https://mcp.acme.dev/authorize'],
    ['https://mcp.acme.dev', 'https://mcp.acme.dev'],
    ['https://mcp.acme.dev', 'https://MCP.acme.dev:443/callback/github'],
    ['https://acme.dev/mcp-server', 'https://acme.dev/mcp-server'],
    ['https://acme.dev/mcp-server', 'https://acme.dev/mcp-server/authorize?client_id=x'],
    ['https://acme.dev/mcp-server', 'https://acme.dev/mcp%2Dserver/authorize'],
    ['https://acme.dev/mcp-server', 'https://acme.dev//MCP-server/authorize'],
    ['https://acme.dev/mcp-server/', 'https://acme.dev/mcp-server/token'],
    ['https://acme.dev:8443', 'https://acme.dev:8443/x'],
    ['http://localhost:3000', 'http://localhost:3000/callback/github'],
    ['http://localhost:3000', 'http://127.0.0.1:3000/callback/github'],
    ['http://127.0.0.1:3000', 'http://[::1]:3000/callback/github'],
    ['http://localhost', 'http://localhost:80/'],
  ])('issuer %s refuses %s', (issuer, uri) => {
    expect(redirectUriPolicy(undefined, { issuer }).refuse(uri, 'native')).toContain('endpoint of this')
    expect(redirectUriPolicy(undefined, { issuer }).refuse(uri, 'native', { source: 'static' })).toContain(
      'endpoint',
    )
  })

  it.each([
    ['https://mcp.acme.dev', 'https://acme.dev/callback'],
    ['https://mcp.acme.dev', 'https://mcp.acme.dev:8443/callback'],
    ['https://acme.dev/mcp-server', 'https://acme.dev/app/callback'],
    ['https://acme.dev/mcp-server', 'https://acme.dev/mcp-server-ui/callback'],
    ['http://localhost:3000', 'http://localhost:6274/oauth/callback'],
    ['http://localhost:3000', 'http://localhost/callback'],
    ['https://mcp.acme.dev', 'http://localhost/authorize'],
  ])('issuer %s accepts %s', (issuer, uri) => {
    expect(redirectUriPolicy(undefined, { issuer }).refuse(uri, 'native')).toBeUndefined()
  })

  it('are not reached by choosing our port for a registered loopback path', () => {
    const dev = redirectUriPolicy(undefined, { issuer: 'http://localhost:3000' })
    const registered = 'http://localhost:9999/callback/github'
    const presented = 'http://localhost:3000/callback/github'
    expect(dev.refuse(registered, 'native')).toBeUndefined()
    expect(matchesRegistered([registered], presented)).toBe(true)
    expect(dev.refuse(presented, 'native')).toContain('endpoint of this')
  })
})

describe('redirectKind', () => {
  it.each([
    ['http://localhost:54545/callback', 'loopback', 'localhost:54545'],
    ['http://127.0.0.1/', 'loopback', '127.0.0.1'],
    ['http://[::1]:1/', 'loopback', '[::1]:1'],
    ['https://localhost:8443/cb', 'loopback', 'localhost:8443'],
    ['https://app.localhost/cb', 'loopback', 'app.localhost'],
    ['https://claude.ai/api/mcp/auth_callback', 'https', 'claude.ai'],
    ['https://Claude.AI:8443/cb', 'https', 'claude.ai:8443'],
    ['https://localhost.evil.com/cb', 'https', 'localhost.evil.com'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'private-use', 'cursor://anysphere.cursor-mcp'],
    ['com.example.app:/cb', 'private-use', 'com.example.app:'],
    ['com.example.app:///cb', 'private-use', 'com.example.app://'],
  ])('%s', (uri, kind, host) => {
    expect(redirectKind(uri)).toEqual({ kind, host })
  })

  it('does not guess about a URI that was never checked', () => {
    expect(() => redirectKind('https://claude.ai\\@evil.com/')).toThrow(TypeError)
  })
})

describe('appendParameters', () => {
  it.each([
    ['https://example.com/cb', 'https://example.com/cb?code=a'],
    ['https://example.com', 'https://example.com?code=a'],
    ['https://example.com:443/cb/', 'https://example.com:443/cb/?code=a'],
    ['https://EXAMPLE.com/%7Ecb', 'https://EXAMPLE.com/%7Ecb?code=a'],
    ['https://example.com/cb?x=1%20+', 'https://example.com/cb?x=1%20+&code=a'],
    ['https://example.com/cb?', 'https://example.com/cb?code=a'],
    ['https://example.com/cb?x&', 'https://example.com/cb?x&code=a'],
    ['http://127.0.0.1:33418', 'http://127.0.0.1:33418?code=a'],
    ['http://127.0.0.1:33418/', 'http://127.0.0.1:33418/?code=a'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor://anysphere.cursor-mcp/oauth/callback?code=a'],
    ['raycast://oauth?package_name=E', 'raycast://oauth?package_name=E&code=a'],
    ['com.example.app:/cb', 'com.example.app:/cb?code=a'],
    ['com.example.app:cb', 'com.example.app:cb?code=a'],
  ])('%s', (uri, expected) => {
    expect(appendParameters(uri, { code: 'a' })).toBe(expected)
  })

  it('keeps values whole, whatever they contain', () => {
    const state = 'a+b c&code=evil#x%20=/?"\u20ac'
    const location = appendParameters('com.example.app:/cb?x=1', { code: 'c-1_', state, iss: own.issuer })
    const parameters = new URL(location).searchParams
    expect([...parameters]).toEqual([
      ['x', '1'],
      ['code', 'c-1_'],
      ['state', state],
      ['iss', own.issuer],
    ])
    expect(location).not.toContain('#')
    expect(decodeURIComponent(location.slice(location.indexOf('state=') + 6, location.indexOf('&iss')))).toBe(
      state,
    )
  })

  it('leaves undefined out, keeps empty text, and changes nothing without parameters', () => {
    expect(appendParameters('https://example.com/cb', { code: 'a', state: undefined, x: '' })).toBe(
      'https://example.com/cb?code=a&x=',
    )
    expect(appendParameters('https://example.com/cb?', { state: undefined })).toBe('https://example.com/cb?')
  })
})
