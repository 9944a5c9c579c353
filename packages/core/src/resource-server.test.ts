import { describe, expect, it } from 'vitest'
import type { Auth } from './auth.ts'
import type { Verification } from './resource-server/verifier.ts'
import {
  answering,
  clock,
  invalid,
  notMine,
  protect,
  resource,
  unavailable,
  verified,
} from './resource-server.fixture.ts'
import { type ResourceServerOptions, resourceServer } from './resource-server.ts'

async function metadata(auth: Auth, path: string): Promise<Record<string, unknown> | undefined> {
  const response = await auth.handle(new Request(`http://10.0.0.7:8080${path}`))
  return response?.json()
}

describe('metadata', () => {
  it('is at the path-inserted address and at the root, with the exact strings given', async () => {
    const auth = protect({
      resource: 'https://MCP.test/mcp',
      authorizationServers: ['https://login.test/', 'https://other.test'],
      scopes: { supported: ['a', 'offline_access'], required: ['b'] },
      name: 'Files',
    })
    const document = {
      resource: 'https://MCP.test/mcp',
      authorization_servers: ['https://login.test/', 'https://other.test'],
      scopes_supported: ['a', 'b'],
      bearer_methods_supported: ['header'],
      resource_name: 'Files',
    }
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toEqual(document)
    expect(await metadata(auth, '/.well-known/oauth-protected-resource')).toEqual(document)
  })

  it('leaves every other path alone', async () => {
    const auth = protect()
    for (const path of [
      '/mcp',
      '/',
      '/.well-known/oauth-protected-resource/other',
      '/.well-known/openid-configuration',
    ]) {
      expect(await auth.handle(new Request(`https://mcp.test${path}`)), path).toBeUndefined()
    }
  })

  it('is where the challenge says, whatever Host and X-Forwarded-* claim', async () => {
    const auth = protect()
    const result = await auth.authenticate(
      new Request('http://evil.test/mcp', {
        headers: { 'x-forwarded-host': 'evil.test', host: 'evil.test' },
      }),
    )
    if (result.ok) throw new Error('let in')
    expect(result.response.headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.test/.well-known/oauth-protected-resource/mcp"',
    )
  })

  it('answers with and without the slash a resource ends in', async () => {
    const auth = protect({ resource: 'https://mcp.test/mcp/' })
    for (const path of [
      '/.well-known/oauth-protected-resource/mcp/',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      expect(await metadata(auth, path)).toMatchObject({ resource: 'https://mcp.test/mcp/' })
    }
  })

  it('leaves the root to others when told so', async () => {
    const auth = protect({ metadata: { root: false } })
    expect(await metadata(auth, '/.well-known/oauth-protected-resource')).toBeUndefined()
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toBeDefined()
  })

  it('is found behind a proxy that strips a prefix', async () => {
    const auth = protect({
      resource: 'https://acme.test/api/mcp',
      stripPrefix: '/api',
      metadata: { url: 'https://acme.test/api/.well-known/oauth-protected-resource/mcp' },
    })
    expect(await metadata(auth, '/.well-known/oauth-protected-resource/mcp')).toMatchObject({
      resource: 'https://acme.test/api/mcp',
    })
    const result = await auth.authenticate(new Request('http://10.0.0.7/mcp'))
    if (result.ok) throw new Error('let in')
    expect(result.response.headers.get('www-authenticate')).toContain(
      'resource_metadata="https://acme.test/api/.well-known/oauth-protected-resource/mcp"',
    )
  })

  it('names the paths at which requests for the resource itself arrive', () => {
    expect(protect().resourcePaths).toEqual(['/mcp'])
    for (const stripPrefix of ['/api', 'api/']) {
      const auth = protect({ resource: 'https://acme.test/api/mcp', stripPrefix })
      expect(auth.resourcePaths).toEqual(['/api/mcp', '/mcp'])
    }
    expect(protect({ stripPrefix: '/' }).resourcePaths).toEqual(['/mcp'])
  })

  it('declares no route twice', () => {
    const { routes } = protect({
      resource: 'https://acme.test/api/mcp',
      stripPrefix: '/api',
      metadata: { url: 'https://acme.test/api/.well-known/oauth-protected-resource/mcp' },
    })
    expect(new Set(routes.map(({ path }) => path)).size).toBe(routes.length)
  })

  it('declares its routes', () => {
    expect(protect().routes).toEqual([
      { path: '/.well-known/oauth-protected-resource/mcp', methods: ['GET', 'HEAD', 'OPTIONS'] },
      { path: '/.well-known/oauth-protected-resource', methods: ['GET', 'HEAD', 'OPTIONS'] },
    ])
  })
})

describe('revalidate', () => {
  async function open(answers: Verification<string>[]) {
    let asked = 0
    const auth = resourceServer({
      resource,
      authorizationServers: [],
      verifier: answering(() => answers[Math.min(asked++, answers.length - 1)] ?? notMine),
      clock,
    })
    const result = await auth.authenticate(new Request(resource, { headers: { authorization: 'Bearer t' } }))
    if (!result.ok) throw new Error('not let in')
    return () => auth.revalidate(result.auth)
  }

  it('asks the verifier again', async () => {
    expect(await (await open([verified('ada')]))()).toBe(true)
    expect(await (await open([verified('ada'), invalid]))()).toBe(false)
    expect(await (await open([verified('ada'), notMine]))()).toBe(false)
  })

  it('does not outlive the token, nor scopes or a subject it no longer has', async () => {
    expect(await (await open([verified('ada', { expiresAt: 1_700_000_000 })]))()).toBe(false)
    expect(await (await open([verified('ada'), verified('ada', { scopes: [] })]))()).toBe(false)
    expect(await (await open([verified('ada'), verified('ada', { subject: 'eve' })]))()).toBe(false)
  })

  it('says so when nobody can tell', async () => {
    const revalidate = await open([verified('ada'), unavailable])
    await expect(revalidate()).rejects.toMatchObject({ name: 'Unavailable' })
  })
})

describe('options', () => {
  it.each([
    [{ resource: undefined }, /^resource: is missing.*DRAWBRIDGE_RESOURCE/],
    [{ resource: '/mcp' }, /^resource: "\/mcp" is not an absolute URL/],
    [{ resource: 'http://mcp.test/mcp' }, /^resource: .*is not https/],
    [{ resource: 'https://mcp.test/mcp#a' }, /^resource: .*fragment/],
    [{ resource: 'https://mcp.test/mcp?a=b' }, /^resource: .*query/],
    [{ resource: 'https://mcp.test/scope=a' }, /^resource: .*WWW-Authenticate/],
    [{ authorizationServers: ['http://login.test'] }, /^authorizationServers: .*is not https/],
    [{ authorizationServers: ['login.test'] }, /^authorizationServers: /],
    [{ verifier: [] }, /^verifier: is an empty list/],
    [{ verifier: undefined as never }, /^verifier: is missing.*jwtVerifier/],
    [{ scopes: { required: ['a b'] } }, /^scopes\.required: /],
    [{ scopes: { required: ['offline_access'] } }, /^scopes\.required: .*offline_access/],
    [{ scopes: { supported: ['a"'] } }, /^scopes\.supported: /],
    [{ stripPrefix: '/other' }, /^stripPrefix: .*\/mcp/],
    [{ metadata: { url: 'http://mcp.test/x' } }, /^metadata\.url: .*not https/],
  ])('%j is refused', (options: Partial<ResourceServerOptions>, message) => {
    expect(() => protect(options)).toThrow(message)
  })

  it('takes plain http on this machine', () => {
    for (const url of ['http://localhost:3000/mcp', 'http://127.0.0.1/mcp', 'http://[::1]:3000/mcp']) {
      expect(protect({ resource: url }).resource).toBe(url)
    }
  })

  it('warns when clients cannot learn where to sign in, unless that is meant', () => {
    const warnings: string[] = []
    const log = (message: string) => warnings.push(message)
    protect({ authorizationServers: [], log })
    expect(warnings).toEqual([])
    protect({ authorizationServers: undefined, log })
    expect(warnings.join()).toMatch(/authorizationServers/)
  })
})
