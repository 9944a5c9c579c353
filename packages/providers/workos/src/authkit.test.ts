import { resourceServer } from '@drawbridge/core'
import { fakeClock } from '@drawbridge/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AuthKitOptions, authkit } from './index.ts'
import { accessToken, RESOURCE, site, TIME } from './token-verifier.fixture.ts'
import { ACME, ISSUER, OTHER } from './workos.fixture.ts'

const common = { domain: ISSUER, resource: RESOURCE, fetch: site.fetch, log: false } as const

function served(options: AuthKitOptions = {}) {
  return resourceServer(authkit({ ...common, clock: fakeClock(TIME * 1000), ...options }))
}

async function enters(auth: ReturnType<typeof served>, token: Promise<string>) {
  const headers = { authorization: `Bearer ${await token}` }
  return auth.authenticate(new Request(RESOURCE, { headers }))
}

afterEach(() => vi.unstubAllEnvs())

it('sends clients to AuthKit, with scopes that it has', async () => {
  const auth = served()
  const answer = await auth.handle(
    new Request('https://mcp.acme.test/.well-known/oauth-protected-resource/mcp'),
  )
  expect(await answer?.json()).toMatchObject({
    resource: RESOURCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['openid', 'email', 'profile'],
  })
  const gate = await auth.authenticate(new Request(RESOURCE))
  expect(!gate.ok && gate.response.headers.get('www-authenticate')).toContain('scope="openid email profile"')
})

it('lets in whom AuthKit gave a token for this server, and says who that is', async () => {
  const gate = await enters(served(), accessToken())
  expect(gate.ok && gate.auth).toMatchObject({
    clientId: 'client_01CLAUDE',
    extra: { subject: 'workos|user_01ADA', user: { org_id: ACME } },
  })
})

it('keeps everybody else out', async () => {
  const auth = served({ allow: { organizations: [ACME] } })
  for (const token of [
    accessToken({ aud: 'https://mail.acme.test/mcp' }),
    accessToken({ aud: 'client_environment' }),
    accessToken({ org_id: OTHER }),
    accessToken({ exp: TIME - 60 }),
    accessToken({ iss: 'https://evil.authkit.test' }),
    accessToken({ client_id: undefined }),
  ]) {
    const gate = await enters(auth, token)
    expect(!gate.ok && gate.response.status).toBe(401)
  }
})

describe('the operator', () => {
  it('reads what is missing in the dashboard, in a line and in the event', async () => {
    const lines: string[] = []
    const details: unknown[] = []
    const auth = served({
      log: (line) => lines.push(line),
      onEvent: (event) => event.type === 'token.refused' && details.push(event.detail),
    })
    await enters(auth, accessToken({ aud: 'client_environment' }))
    for (const text of [...lines, ...details])
      expect(text).toContain(`Add "${RESOURCE}" in the WorkOS dashboard`)
    expect([lines.length, details.length]).toEqual([1, 1])
  })

  it('may set everything else that a resource server has', async () => {
    const scopes = { supported: ['openid', 'files:read'], required: ['files:read'] }
    const auth = served({ scopes, name: 'Files', metadata: { root: false } })
    const gate = await enters(auth, accessToken())
    expect(!gate.ok && gate.response.status).toBe(403)
    expect(auth.routes.map(({ path }) => path)).toEqual(['/.well-known/oauth-protected-resource/mcp'])
  })

  it('may leave what differs between deployments to the environment', async () => {
    vi.stubEnv('DRAWBRIDGE_WORKOS_DOMAIN', 'acme.authkit.test')
    vi.stubEnv('DRAWBRIDGE_RESOURCE', RESOURCE)
    const { domain: _, resource: __, ...rest } = common
    const auth = resourceServer(authkit({ ...rest, clock: fakeClock(TIME * 1000) }))
    expect((await enters(auth, accessToken())).ok).toBe(true)
  })

  it('hears of mistakes when the server starts', () => {
    expect(() => authkit({ resource: RESOURCE })).toThrow(/domain: is missing.*authkit\(\).*WORKOS_DOMAIN/)
    expect(() => authkit({ ...common, allow: { organizations: [] } })).toThrow(/allow: names nobody/)
    expect(() => authkit({ ...common, verifier: [] } as never)).toThrow(/no such option of authkit/)
    expect(() => served({ resource: 'mcp.acme.test' })).toThrow(/resource/)
  })
})
