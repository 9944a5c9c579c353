import type { AuthInfo } from '@drawbridge/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { fakeAuth } from './fake-auth.ts'

const alice = { subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } }
const metadataUrl = 'https://acme.dev/.well-known/oauth-protected-resource/api/mcp'

function request(token?: string, method = 'POST') {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Request('https://acme.dev/api/mcp', { method, headers })
}

describe('fakeAuth', () => {
  const auth = fakeAuth({ users: { alice }, issuer: 'https://acme.dev/api' })

  it('knows who a token is for', async () => {
    const result = await auth.authenticate(request('alice'), { scopes: ['files:read'] })
    if (!result.ok) throw new Error(`refused with ${result.response.status}`)
    expect(result.auth).toMatchObject({
      token: 'alice',
      clientId: 'test-client',
      scopes: ['files:read'],
      resource: new URL('https://acme.dev/api/mcp'),
      resourceMetadataUrl: metadataUrl,
      extra: { subject: 'github|1', issuer: 'https://acme.dev/api', user: { login: 'alice' } },
    })
    expect(result.auth.expiresAt).toBeGreaterThan(Date.now() / 1000 + 3500)
    expectTypeOf(result.auth).toEqualTypeOf<AuthInfo<{ login: string }>>()
  })

  it('says of a refusal what became of the credentials', async () => {
    const need = { scopes: ['files:write'] }
    expect(await auth.authenticate(request())).toMatchObject({ ok: false, credentials: 'none' })
    expect(await auth.authenticate(request('alice', 'OPTIONS'))).toMatchObject({ credentials: 'none' })
    expect(await auth.authenticate(request('mallory'))).toMatchObject({ credentials: 'refused' })
    expect(await auth.authenticate(request('alice'), need)).toMatchObject({ credentials: 'refused' })
  })

  it('challenges a request without a token, and says more about a bad one', async () => {
    expect(await challengeOf(auth.authenticate(request()))).toEqual([
      401,
      `Bearer resource_metadata="${metadataUrl}"`,
    ])
    for (const token of ['mallory', '__proto__', 'constructor']) {
      expect(await challengeOf(auth.authenticate(request(token)))).toEqual([
        401,
        `Bearer error="invalid_token", resource_metadata="${metadataUrl}"`,
      ])
    }
  })

  it('names all scopes of an operation the token is too small for', async () => {
    const expected = [
      403,
      `Bearer error="insufficient_scope", scope="files:read files:write", resource_metadata="${metadataUrl}"`,
    ]
    const need = { scopes: ['files:read', 'files:write'] }
    expect(await challengeOf(auth.authenticate(request('alice'), need))).toEqual(expected)
    const known = await auth.authenticate(request('alice'))
    if (!known.ok) throw new Error('refused')
    const { status, headers } = await auth.challenge(known.auth, need)
    expect([status, headers.get('www-authenticate')]).toEqual(expected)
  })

  it('answers a preflight with 204', async () => {
    expect(await challengeOf(auth.authenticate(request(undefined, 'OPTIONS')))).toEqual([204, null])
  })

  it('serves its metadata and nothing else', async () => {
    expect(auth.routes.map(({ path }) => path)).toEqual([new URL(metadataUrl).pathname])
    const response = await auth.handle(new Request(metadataUrl))
    expect(await response?.json()).toMatchObject({ resource: 'https://acme.dev/api/mcp' })
    expect((await auth.handle(new Request(metadataUrl, { method: 'OPTIONS' })))?.status).toBe(204)
    expect((await auth.handle(new Request(metadataUrl, { method: 'DELETE' })))?.status).toBe(405)
    expect(await auth.handle(request('alice'))).toBeUndefined()
  })

  it('forgets a user whose entry is deleted', async () => {
    const users: Record<string, typeof alice> = { alice }
    const auth = fakeAuth({ users })
    const result = await auth.authenticate(request('alice'))
    if (!result.ok) throw new Error('refused')
    expect(await auth.revalidate(result.auth)).toBe(true)
    delete users.alice
    expect(await auth.revalidate(result.auth)).toBe(false)
    expect((await auth.authenticate(request('alice'))).ok).toBe(false)
  })

  it('gives each request data of its own', async () => {
    for (let time = 1; time <= 2; time++) {
      const result = await auth.authenticate(request('alice'))
      if (!result.ok) throw new Error('refused')
      expect(result.auth.extra.user).toEqual({ login: 'alice' })
      expect(result.auth.resource.pathname).toBe('/api/mcp')
      result.auth.extra.user.login = 'mallory'
      result.auth.resource.pathname = '/elsewhere'
      result.auth.scopes.push('admin')
    }
    expect(alice).toEqual({ subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } })
  })

  it('lets upstream tokens depend on what they must hold, and on which one the provider rejected', async () => {
    const proxy = fakeAuth({
      users: { alice },
      upstreamToken: async (_, options) => ({
        access_token: options?.rejected === 'gho_1' ? 'gho_2' : 'gho_1',
        scopes: options?.scopes ?? [],
        provider: 'github',
      }),
    })
    const result = await proxy.authenticate(request('alice'))
    if (!result.ok) throw new Error('refused')
    expect(await proxy.upstreamToken?.(result.auth)).toMatchObject({ access_token: 'gho_1' })
    expect(await proxy.upstreamToken?.(result.auth, { rejected: 'gho_1' })).toMatchObject({
      access_token: 'gho_2',
    })
    expect(await proxy.upstreamToken?.(result.auth, { scopes: ['repo'] })).toMatchObject({ scopes: ['repo'] })
  })

  it('has upstream tokens only when given some', async () => {
    expect(auth.upstreamToken).toBeUndefined()
    const upstream = { access_token: 'gho_1', scopes: [], provider: 'github' }
    const proxy = fakeAuth({ users: { alice }, upstreamToken: async () => upstream })
    const result = await proxy.authenticate(request('alice'))
    if (!result.ok) throw new Error('refused')
    expect(await proxy.upstreamToken?.(result.auth)).toBe(upstream)
  })
})

async function challengeOf(result: ReturnType<ReturnType<typeof fakeAuth>['authenticate']>) {
  const settled = await result
  if (settled.ok) throw new Error('let through')
  return [settled.response.status, settled.response.headers.get('www-authenticate')]
}
