import { describe, expect, it } from 'vitest'
import { callbackHint, pathHint } from './path-hint.ts'

const ofMcp = { accept: 'application/json, text/event-stream' }
const asked = (path: string, init: RequestInit = {}) => new Request(`http://localhost${path}`, init)
const tools = { url: 'https://acme.dev/tools/mcp', paths: ['/tools/mcp'] }
const files = { url: 'https://acme.dev/files', paths: ['/files'] }

describe('a request that nobody answers', () => {
  it('says which part a proxy has removed', () => {
    expect(pathHint([tools], asked('/mcp'))).toBe(
      'The MCP endpoint is https://acme.dev/tools/mcp. This process expects it at /tools/mcp and was asked for /mcp: if a reverse proxy or a parent application removes "/tools" from the path, pass `stripPrefix: "/tools"` beside `issuer` or `resource`.',
    )
  })

  it('says which part is not in the public address', () => {
    expect(pathHint([files], asked('/v1/files'))).toMatch(
      /was asked for \/v1\/files: if clients reach it there, "\/v1" is part .* Put "\/v1" into `issuer`/,
    )
    expect(pathHint([{ paths: ['/mcp'] }], asked('/v1/mcp'))).toMatch(/endpoint is \/mcp\..* Pass `path`/)
  })

  it('is told of wherever an MCP client comes, and then of every endpoint', () => {
    expect(pathHint([tools, files], asked('/', { method: 'POST', headers: ofMcp }))).toMatch(
      /^The MCP endpoints are https:\/\/acme\.dev\/tools\/mcp and https:\/\/acme\.dev\/files\. .* whole address, with its path\.$/,
    )
  })

  it('names an endpoint that is mounted twice once', () => {
    expect(pathHint([files, { ...files }], asked('/v1/files'))).toMatch(
      /^The MCP endpoint is https:\/\/acme\.dev\/files\. This process expects it at \/files and was asked/,
    )
  })

  it.each([
    ['/', {}],
    ['/about', {}],
    ['/about', { method: 'POST' }],
    ['/about', { method: 'GET', headers: ofMcp }],
    ['/about', { method: 'POST', headers: { accept: 'text/event-stream' } }],
    ['/filesystem', {}],
  ])('is left alone where it is about something else: %s %o', (path, init) => {
    expect(pathHint([files, tools], asked(path, init))).toBeUndefined()
  })

  it('is not believed: what it asks for is cut and made printable', () => {
    const hint = pathHint([files], asked(`/${'x'.repeat(5000)}"%0a/files`)) ?? ''
    expect(hint.length).toBeLessThan(1000)
    expect(hint).toMatch(/^[\x20-\x7e]*$/)
  })
})

describe('a browser that comes back to where nothing is', () => {
  const routes = ['/token', '/callback/github', '/callback/acme'].map((path) => ({ path, methods: ['GET'] }))

  it.each(['error=redirect_uri_mismatch', 'code=x'])(
    'is told of with the callbacks there are: %s',
    (answer) => {
      expect(callbackHint(routes, asked(`/oauth/callback?state=s&${answer}`))).toBe(
        'A provider sent a browser to /oauth/callback. Its app should have /callback/github or /callback/acme of this host as callback.',
      )
    },
  )

  it.each([
    ['/oauth/callback', {}],
    ['/oauth/callback?code=x', {}],
    ['/oauth/callback?state=s', {}],
    ['/oauth/callback?state=s&code=x', { method: 'POST' }],
  ])('is no other request: %s %o', (path, init) => {
    expect(callbackHint(routes, asked(path, init))).toBeUndefined()
  })

  it('is nobody to a server that signs nobody in', () => {
    expect(callbackHint([], asked('/oauth/callback?state=s&code=x'))).toBeUndefined()
  })
})
