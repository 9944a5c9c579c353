import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { redirectUriPolicy } from './redirect-uri.ts'

const own = { issuer: 'https://mcp.acme.dev' }

describe('option allow', () => {
  const allows = (pattern: string, uri: string) =>
    redirectUriPolicy({ allow: [pattern] }, own).refuse(uri, 'native') === undefined

  it.each([
    ['https://claude.ai/api/mcp/auth_callback', 'https://claude.ai/api/mcp/auth_callback'],
    ['https://*.example.com/callback', 'https://app.example.com/callback'],
    ['https://*.example.com/callback', 'https://a.b.example.com/callback'],
    ['https://*.Example.com/callback', 'https://App.example.COM/callback'],
    ['https://chatgpt.com/connector/oauth/*', 'https://chatgpt.com/connector/oauth/abc'],
    ['https://example.com/*/callback', 'https://example.com/a/b/callback'],
    ['https://example.com/*/cb/*/end', 'https://example.com/x/cb/cb/y/end'],
    ['https://example.com', 'https://example.com/anything?x=1'],
    ['https://example.com/cb?*', 'https://example.com/cb?x=1'],
    ['https://example.com/cb?*', 'https://example.com/cb'],
    ['https://example.com/cb?x=*', 'https://example.com/cb?x=1'],
    ['https://example.com:*/cb', 'https://example.com:8443/cb'],
    ['https://example.com:*/cb', 'https://example.com/cb'],
    ['https://*/cb', 'https://example.com/cb'],
    ['http://localhost:*/*', 'http://localhost:5123/oauth/callback'],
    ['http://localhost:*/*', 'http://localhost/'],
    ['http://localhost/callback', 'http://localhost:5123/callback'],
    ['http://*/callback', 'http://127.0.0.1:5123/callback'],
    ['http://[::1]:*/cb', 'http://[::1]:9/cb'],
    ['cursor://*', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['cursor://anysphere.cursor-mcp/oauth/*', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['com.example.app:/*', 'com.example.app:/cb'],
    ['com.example.app:', 'com.example.app:/cb?x=1'],
  ])('%s matches %s', (pattern, uri) => {
    expect(allows(pattern, uri)).toBe(true)
  })

  it.each([
    ['https://*.example.com/callback', 'https://example.com/callback'],
    ['https://*.example.com/callback', 'https://evil-example.com/callback'],
    ['https://*.example.com/callback', 'https://app.example.com.evil.net/callback'],
    ['https://*.example.com/callback', 'https://evil.net/.example.com/callback'],
    ['https://*.example.com/callback', 'https://app.example.com/callback/x'],
    ['https://*.example.com/callback', 'http://app.example.com/callback'],
    ['https://*.example.com/*', 'https://evil.net/app.example.com/'],
    ['https://example.com/*', 'https://example.com.evil.net/cb'],
    ['https://example.com/*', 'https://evil.net/example.com/cb'],
    ['https://example.com/*', 'https://example.com:8443/cb'],
    ['https://example.com/*', 'https://example.com/cb?x=1'],
    ['https://example.com/app/*', 'https://example.com/app/../evil'],
    ['https://example.com/app/*', 'https://example.com/app/..%2fevil'],
    ['https://example.com/cb', 'https://example.com/cb/'],
    ['https://example.com/cb', 'https://example.com/CB'],
    ['https://example.com/aba*aba', 'https://example.com/aba'],
    ['https://example.com/*a*b', 'https://example.com/b'],
    ['https://example.com/x*aa*a', 'https://example.com/xaa'],
    ['https://example.com/', 'https://example.com'],
    ['https://example.com:8443/cb', 'https://example.com/cb'],
    ['https://example.com:*/cb', 'https://example.com.evil.net:1/cb'],
    ['http://localhost:*', 'http://127.0.0.1:1/cb'],
    ['http://localhost:8080/cb', 'http://localhost:8081/cb'],
    ['http://localhost/callback', 'https://localhost:5123/callback'],
    ['cursor://*', 'https://anysphere.cursor-mcp/oauth/callback'],
    ['cursor://*', 'vscode://anysphere.cursor-mcp/oauth/callback'],
    ['com.example.app:/*', 'com.example.app://host/cb'],
    ['com.example.app://host/cb', 'com.example.app:/cb'],
    ['cursor://*', 'cursor:/oauth/callback'],
    ['https://localhost/cb', 'https://localhost:8443/cb'],
  ])('%s does not match %s', (pattern, uri) => {
    expect(allows(pattern, uri)).toBe(false)
  })

  it('only narrows: what is refused stays refused', () => {
    const wide = redirectUriPolicy({ allow: ['https://*:*/*', 'http://*:*/*', 'cursor://*'] }, own)
    expect(wide.refuse('http://example.com/cb', 'native')).toContain('http to another host')
    expect(wide.refuse('https://example.com/a/../b', 'native')).toContain('dot segment')
    expect(wide.refuse('https://mcp.acme.dev/authorize', 'native')).toContain('endpoint of this')
    expect(wide.refuse('http://localhost/cb', 'web')).toContain('application_type web')
    expect(wide.refuse('javascript:alert(1)', 'native')).toContain('never allowed')
  })

  it('does not concern static clients, which the operator lists one by one', () => {
    const narrow = redirectUriPolicy({ allow: ['https://claude.ai/*'] }, own)
    expect(narrow.refuse('https://intranet.acme.dev/cb', 'web')).toContain('is not among')
    expect(narrow.refuse('https://intranet.acme.dev/cb', 'web', { source: 'static' })).toBeUndefined()
    expect(narrow.refuse('acmedesk://cb', 'native', { source: 'static' })).toBeUndefined()
  })

  it.each([
    ['http://example.com/cb', 'another host than loopback'],
    ['http://*.localhost/cb', 'another host than loopback'],
    ['myapp://*', 'private-use scheme'],
    ['javascript:*', 'never allowed'],
    ['https://user@example.com/cb', 'user or a password'],
    ['https://example.com/#*', 'fragment'],
    ['https://example.com/*/../cb', 'dot segment'],
    ['https://exa*mple.com/cb', 'first label'],
    ['https://example.*/cb', 'first label'],
    ['https://**.example.com/cb', 'first label'],
    ['https://127.0.0.*/cb', 'first label'],
    ['https://example.com:80*/cb', 'first label'],
    ['https://:8080/cb', 'malformed host'],
    ['https://example.com/cb?code=*', 'code in its query'],
    ['*', 'literal scheme'],
    ['*://example.com/cb', 'literal scheme'],
    ['example.com/cb', 'literal scheme'],
    ['', 'literal scheme'],
  ])('the pattern %j fails at construction and says why', (pattern, why) => {
    const build = () => redirectUriPolicy({ allow: ['https://claude.ai/*', pattern] }, own)
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(/^redirectUris\.allow: /)
    expect(build).toThrow(JSON.stringify(pattern))
    expect(build).toThrow(why)
  })

  it('an empty list is a mistake, not a way to allow all or nothing', () => {
    expect(() => redirectUriPolicy({ allow: [] }, own)).toThrow(/allows nobody/)
  })

  it('compares a pattern of many stars quickly', () => {
    const many = redirectUriPolicy({ allow: [`https://example.com/${'*a'.repeat(40)}b`] }, own)
    const started = performance.now()
    expect(many.refuse(`https://example.com/${'a'.repeat(2000)}`, 'native')).toContain('is not among')
    expect(performance.now() - started).toBeLessThan(200)
  })
})
