import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { type Asked, atProvider, payloadOf } from './dev-oidc.fixture.ts'
import type { DevOidcOptions } from './dev-oidc.ts'
import { devWorkOS } from './dev-workos.ts'

const scope = 'openid profile email offline_access'
const verifier = 'a-verifier-of-an-mcp-client-that-is-long-enough'
const code_challenge = createHash('sha256').update(verifier).digest('base64url')

function workos(options: DevOidcOptions = {}) {
  const at = atProvider(devWorkOS(options), {
    authorize: '/oauth2/authorize',
    token: '/oauth2/token',
    user: 'user_ada',
  })
  const register = async (body: object) => {
    const request = new Request(`${at.origin}/oauth2/register`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    const response = await at.dev.fetch(request)
    return { status: response.status, body: await response.json() }
  }
  const introspect = (token: string) =>
    at.post('/oauth2/introspection', { client_id: 'dev-client', client_secret: 'dev-secret', token })
  return { ...at, register, introspect }
}

it.each(['openid-configuration', 'oauth-authorization-server'])('publishes %s', async (name) => {
  const { get, origin } = workos()
  const document = await (await get(`/.well-known/${name}`)).json()
  expect(document).toMatchObject({
    issuer: origin,
    authorization_endpoint: `${origin}/oauth2/authorize`,
    token_endpoint: `${origin}/oauth2/token`,
    userinfo_endpoint: `${origin}/oauth2/userinfo`,
    introspection_endpoint: `${origin}/oauth2/introspection`,
    registration_endpoint: `${origin}/oauth2/register`,
    jwks_uri: `${origin}/oauth2/jwks`,
    code_challenge_methods_supported: ['S256'],
  })
  expect(document).not.toHaveProperty('revocation_endpoint')
})

it('the organization is in the access token, and nowhere else', async () => {
  const { signIn, claims, get } = workos()
  const tokens = await signIn({ scope })
  expect(payloadOf(tokens.access_token)).toMatchObject({
    org_id: 'org_acme',
    client_id: 'dev-client',
    aud: 'client_environment',
    sub: 'user_ada',
    sid: expect.stringMatching(/^app_consent_/),
    scope,
  })
  expect(claims(tokens)).not.toHaveProperty('org_id')
  expect(claims(tokens)).toMatchObject({ email: 'ada@acme.test', email_verified: true, given_name: 'Ada' })
  const userinfo = await get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
  expect(await userinfo.json()).not.toHaveProperty('org_id')
  expect(payloadOf((await signIn({ scope }, 'user_eve')).access_token)).not.toHaveProperty('org_id')
})

it('id_tokens say what the scopes are about', async () => {
  const { signIn, claims } = workos()
  const few = claims(await signIn({ scope: 'openid' }))
  expect(Object.keys(few).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sub'])
})

it('refresh tokens come only with offline_access, rotate, and bring id_tokens', async () => {
  const { signIn, refresh } = workos()
  expect(await signIn({ scope: 'openid' })).not.toHaveProperty('refresh_token')
  const { refresh_token } = await signIn({ scope })
  const next = await refresh(refresh_token)
  expect(next.body).toMatchObject({ refresh_token: expect.any(String), id_token: expect.any(String) })
  expect(await refresh(refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect((await refresh(next.body.refresh_token)).status).toBe(200)
})

describe('introspection', () => {
  it('tells of access and refresh tokens that work', async () => {
    const { signIn, introspect } = workos()
    const { access_token, refresh_token = '' } = await signIn({ scope })
    expect((await introspect(access_token)).body).toMatchObject({
      active: true,
      sub: 'user_ada',
      org_id: 'org_acme',
      client_id: 'dev-client',
      token_type: 'access_token',
      exp: expect.any(Number),
    })
    expect((await introspect(refresh_token)).body).toMatchObject({
      active: true,
      token_type: 'refresh_token',
    })
  })

  it('says no more than that of any other, and to nobody who does not show who they are', async () => {
    const clock = fakeClock()
    const { signIn, introspect, post } = workos({ clock })
    const { access_token } = await signIn({ scope })
    clock.advance(300)
    for (const token of [access_token, 'never'])
      expect((await introspect(token)).body).toEqual({ active: false })
    expect(await post('/oauth2/introspection', { client_id: 'dev-client', token: 'x' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
  })
})

describe('an MCP client', () => {
  const redirect_uri = 'http://127.0.0.1:33418/callback'
  const resource = 'https://mcp.test/mcp'

  async function registered() {
    const at = workos()
    const { status, body } = await at.register({
      client_name: 'Inspector',
      redirect_uris: [redirect_uri],
      token_endpoint_auth_method: 'none',
    })
    const { client_id } = body
    const ask: Asked = {
      client_id,
      redirect_uri,
      scope,
      code_challenge,
      code_challenge_method: 'S256',
      resource,
    }
    const form: Asked = { client_id, redirect_uri, client_secret: undefined, code_verifier: verifier }
    return { ...at, status, body, ask, form }
  }

  it('registers, and gets tokens for the resource that it names', async () => {
    const { status, body, ask, form, authorize, exchange, refresh } = await registered()
    expect(status).toBe(201)
    expect(body).toMatchObject({ client_id: expect.any(String), client_name: 'Inspector' })
    expect(body).not.toHaveProperty('client_secret')
    const first = await exchange(await authorize(ask), form)
    expect(payloadOf(first.body.access_token)).toMatchObject({ aud: resource, client_id: body.client_id })
    const next = await refresh(first.body.refresh_token, form)
    expect(payloadOf(next.body.access_token).aud).toBe(resource)
  })

  it('without a secret has to use PKCE', async () => {
    const { ask, form, authorize, exchange } = await registered()
    const plain = await authorize({ ...ask, code_challenge: undefined })
    expect((await exchange(plain, { ...form, code_verifier: undefined })).body).toEqual({
      error: 'invalid_grant',
    })
    expect((await exchange(await authorize(ask), { ...form, code_verifier: 'other' })).status).toBe(400)
  })

  it('comes back to where it registered, and nowhere else', async () => {
    const { ask, choose } = await registered()
    const page = await choose({ ...ask, redirect_uri: 'https://evil.test/' })
    expect([page.status, page.headers.has('location')]).toEqual([400, false])
  })

  it('that shows a secret gets one, and one that names no redirect URI is refused', async () => {
    const { register } = workos()
    expect((await register({ redirect_uris: [redirect_uri] })).body).toHaveProperty('client_secret')
    for (const body of [{}, { redirect_uris: ['no url'] }, { redirect_uris: [] }]) {
      expect(await register(body)).toEqual({ status: 400, body: { error: 'invalid_redirect_uri' } })
    }
  })
})
