import { type DrawbridgeEvent, memory, oauthServer } from '@drawbridge/core'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { browser, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { issuer, resource, secret } from '../world.ts'

const upstream = 'https://login.test'

interface Settings {
  metadata?: Record<string, unknown>
  /** Added to the callback. */
  answer?: Record<string, string>
  claims?: Record<string, unknown>
  provider?: Partial<OAuthProvider>
}

/** An OpenID provider found by discovery, at which everybody is Ada, and a server that signs people in there. */
async function openIdConnect({ metadata, answer, claims, provider }: Settings = {}) {
  const clock = fakeClock()
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const requests: URL[] = []
  const events: DrawbridgeEvent[] = []
  let asked = new URLSearchParams()

  async function login(request: Request): Promise<Response> {
    const url = new URL(request.url)
    requests.push(url)
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return Response.json({
          issuer: upstream,
          authorization_endpoint: `${upstream}/authorize`,
          token_endpoint: `${upstream}/token`,
          jwks_uri: `${upstream}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'],
          ...metadata,
        })
      case '/jwks':
        return Response.json({
          keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }],
        })
      case '/authorize': {
        asked = url.searchParams
        const back = new URL(asked.get('redirect_uri') ?? '')
        const parameters = { code: 'upstream-code', state: asked.get('state') ?? '', ...answer }
        for (const [name, value] of Object.entries(parameters)) back.searchParams.set(name, value)
        return new Response(null, { status: 302, headers: { location: back.href } })
      }
      case '/token': {
        const now = Math.floor(Date.now() / 1000)
        const id_token = await new SignJWT({ nonce: asked.get('nonce'), ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: 'k' })
          .setIssuer(String(claims?.iss ?? upstream))
          .setAudience(String(claims?.aud ?? 'app'))
          .setSubject('ada')
          .setIssuedAt(now)
          .setExpirationTime(Number(claims?.exp ?? now + 300))
          .sign(privateKey)
        return Response.json({
          access_token: 'upstream-token',
          token_type: 'bearer',
          expires_in: 3600,
          id_token,
        })
      }
      default:
        return new Response(null, { status: 404 })
    }
  }

  async function server(request: Request): Promise<Response> {
    const handled = await auth.handle(request)
    if (handled) return handled
    const result = await auth.authenticate(request)
    return result.ok ? Response.json(result.auth) : result.response
  }

  const fetch = network({ [upstream]: login, [issuer]: server })
  const auth = oauthServer({
    issuer,
    secret,
    storage: memory({ clock }),
    clock,
    fetch,
    onEvent: (event) => events.push(event),
    provider: {
      type: 'oauth',
      id: 'login',
      label: 'Login',
      client: { id: 'app', auth: { method: 'client_secret_post', secret: 'app-secret' } },
      endpoints: {},
      issuer: upstream,
      scopes: { default: ['openid'] },
      tokens: 'per-login',
      revocation: 'token',
      identify: async ({ claims }) => ({ sub: String(claims?.sub), claims: {} }),
      ...provider,
    },
  })
  return {
    requests,
    events,
    asked: () => asked,
    login: () => oauthClient({ mcpUrl: resource, fetch }).login(browser({ fetch, clock })),
  }
}

it('signs people in at a provider found by discovery, with nonce, PKCE and an answer in the query', async () => {
  const { login, asked } = await openIdConnect()
  expect((await login()).scope).toBe('openid')
  expect(Object.fromEntries(asked())).toMatchObject({
    response_type: 'code',
    response_mode: 'query',
    code_challenge_method: 'S256',
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    redirect_uri: `${issuer}/callback/login`,
  })
})

describe('iss of the authorization response (RFC 9207)', () => {
  const metadata = { authorization_response_iss_parameter_supported: true }

  it('is taken from a provider that says it sends one', async () => {
    const { login } = await openIdConnect({ metadata, answer: { iss: upstream } })
    expect((await login()).access_token).toBeTruthy()
  })

  it("of another provider is refused, and the code never sent to this one's token endpoint", async () => {
    const { login, requests, events } = await openIdConnect({
      metadata,
      answer: { iss: 'https://evil.test' },
    })
    await expect(login()).rejects.toThrow()
    expect(events).toContainEqual(expect.objectContaining({ reason: 'issuer_mismatch' }))
    expect(requests.map(({ pathname }) => pathname)).not.toContain('/token')
  })

  it('must be there when the provider says that it sends it', async () => {
    const { login, requests } = await openIdConnect({ metadata })
    await expect(login()).rejects.toThrow('server_error')
    expect(requests.map(({ pathname }) => pathname)).not.toContain('/token')
  })
})

describe('an id_token', () => {
  it.each([
    ['with the nonce of another login', { nonce: 'other' }],
    ['for another app', { aud: 'other' }],
    ['of another issuer', { iss: 'https://evil.test' }],
    ['that has ended', { exp: 1 }],
  ])('%s signs nobody in', async (_, claims) => {
    const { login } = await openIdConnect({ claims })
    await expect(login()).rejects.toThrow('server_error')
  })
})

describe('addresses are https before anyone is sent there', () => {
  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('a discovered %s', async (name) => {
    const { login, requests } = await openIdConnect({ metadata: { [name]: 'http://login.test/x' } })
    await expect(login()).rejects.toThrow('server_error')
    expect(requests.map(({ pathname }) => pathname)).toEqual(['/.well-known/openid-configuration'])
  })

  it('the issuer itself', async () => {
    const { login, requests } = await openIdConnect({ provider: { issuer: 'http://login.test' } })
    await expect(login()).rejects.toThrow('server_error')
    expect(requests).toEqual([])
  })
})
