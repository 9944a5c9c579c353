import { memory, oauthServer } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { describe, expect, it } from 'vitest'
import { issuer, resource, secret, world } from '../world.ts'

const json = async (response: Response | undefined) => {
  expect(response?.status).toBe(200)
  expect(response?.headers.get('access-control-allow-origin')).toBe('*')
  expect(response?.headers.get('cache-control')).toBe('public, max-age=3600')
  return response?.json()
}

it('describes the authorization server (RFC 8414)', async () => {
  const { fetch } = world()
  expect(await json(await fetch(`${issuer}/.well-known/oauth-authorization-server`))).toMatchObject({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining([
      'none',
      'client_secret_basic',
      'client_secret_post',
    ]),
    revocation_endpoint_auth_methods_supported: expect.arrayContaining(['none']),
    authorization_response_iss_parameter_supported: true,
  })
})

it('describes the resource at its own path and, as the only one, at the root (RFC 9728)', async () => {
  const { fetch } = world()
  for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
    expect(await json(await fetch(issuer + path))).toMatchObject({
      resource,
      authorization_servers: [issuer],
      scopes_supported: ['read:user'],
      bearer_methods_supported: ['header'],
    })
  }
})

it('is not moved by Host or X-Forwarded headers', async () => {
  const { auth } = world()
  const headers = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.test',
  }
  const metadata = await auth.handle(
    new Request('http://evil.test/.well-known/oauth-authorization-server', { headers }),
  )
  expect(await metadata?.text()).not.toContain('evil')
  const refused = await auth.authenticate(new Request('http://evil.test/mcp', { headers }))
  expect(!refused.ok && refused.response.headers.get('www-authenticate')).not.toContain('evil')
})

it('leaves OpenID discovery, which it does not offer, to 4xx', async () => {
  const { auth } = world()
  expect(await auth.handle(new Request(`${issuer}/.well-known/openid-configuration`))).toBeUndefined()
})

describe('with a prefix in the issuer', () => {
  const prefixed = { issuer: 'https://acme.test/tools' }

  it('well-known documents are at the root of the host, everything else below the prefix', async () => {
    const { auth } = world(prefixed)
    const metadata = await json(
      await auth.handle(new Request('https://acme.test/.well-known/oauth-authorization-server/tools')),
    )
    expect(metadata.token_endpoint).toBe('https://acme.test/tools/token')
    const described = await json(
      await auth.handle(new Request('https://acme.test/.well-known/oauth-protected-resource/tools/mcp')),
    )
    expect(described.resource).toBe('https://acme.test/tools/mcp')
    expect((await auth.handle(new Request('https://acme.test/tools/jwks')))?.status).toBe(200)
    expect(await auth.handle(new Request('https://acme.test/jwks'))).toBeUndefined()
  })

  it('a proxy that removes it is told of with stripPrefix', async () => {
    const { auth } = world({ ...prefixed, stripPrefix: '/tools' })
    expect((await auth.handle(new Request('http://10.0.0.1/jwks')))?.status).toBe(200)
    expect(auth.resourcePaths).toEqual(['/tools/mcp', '/mcp'])
    expect(() => world({ stripPrefix: '/tools' })).toThrow(/stripPrefix.*issuer/s)
  })
})

describe('several resources', () => {
  const several = {
    resource: undefined,
    resources: { '/files': { scopes: ['files:read'] }, '/mail': { scopes: ['mail:send'] } },
  }

  it('each has its own document and scopes, and there is none at the root', async () => {
    const { auth } = world(several)
    for (const [path, scope] of [
      ['/files', 'files:read'],
      ['/mail', 'mail:send'],
    ]) {
      const described = await json(
        await auth.handle(new Request(`${issuer}/.well-known/oauth-protected-resource${path}`)),
      )
      expect(described).toMatchObject({ resource: issuer + path, scopes_supported: [scope] })
    }
    expect(await auth.handle(new Request(`${issuer}/.well-known/oauth-protected-resource`))).toBeUndefined()
  })

  it('a token for one is refused at the other', async () => {
    const w = world(several)
    const app = w.client({ mcpUrl: undefined, issuer })
    const tokens = await app.login(w.browser(), {
      user: 'octocat',
      parameters: { resource: `${issuer}/files` },
    })
    const at = async (path: '/files' | '/mail') => {
      const auth = (w.auth as unknown as { at(path: string): typeof w.auth }).at(path)
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const result = await auth.authenticate(new Request(issuer + path, { headers }))
      return result.ok ? 200 : result.response.status
    }
    expect(tokens.scope).toBe('files:read')
    expect(await at('/files')).toBe(200)
    expect(await at('/mail')).toBe(401)
  })

  it('a client that names none is told to, unless one is the default', async () => {
    const w = world(several)
    const app = w.client({ mcpUrl: undefined, issuer })
    await app.register()
    const { url } = await app.authorize({ resource: undefined })
    const back = (await w.fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
    expect(new URL(back).searchParams.get('error')).toBe('invalid_target')
    const withDefault = world({
      resource: undefined,
      resources: { '/files': {}, '/mail': { default: true } },
    })
    expect(withDefault.auth.resource).toBe(`${issuer}/mail`)
  })

  it('are known by name to the type checker', () => {
    const as = oauthServer({
      issuer,
      secret,
      storage: memory(),
      provider: github({ clientId: 'a', clientSecret: 'b' }),
      resources: { '/files': { scopes: ['files:read'] }, '/mail': {} },
    })
    expect(as.at('/files').resource).toBe(`${issuer}/files`)
    // @ts-expect-error: there is no such resource
    expect(() => as.at('/fies')).toThrow(/\/files, \/mail/)
  })
})
