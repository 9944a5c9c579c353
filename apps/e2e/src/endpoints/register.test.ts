import { describe, expect, it } from 'vitest'
import { issuer, world } from '../world.ts'

function register(body: unknown, options: Parameters<typeof world>[0] = {}) {
  return world(options).fetch(`${issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

const redirect_uris = ['http://127.0.0.1/callback']

it('answers 201 with everything the client said, and no nulls (RFC 7591 3.2.1)', async () => {
  const response = await register({
    redirect_uris,
    client_name: 'Desk',
    token_endpoint_auth_method: 'none',
    logo_uri: null,
    x: 1,
  })
  expect(response.status).toBe(201)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  const text = await response.text()
  expect(text).not.toContain('null')
  expect(JSON.parse(text)).toEqual({
    client_id: expect.stringMatching(/^[\w-]+$/),
    client_id_issued_at: expect.any(Number),
    client_name: 'Desk',
    redirect_uris,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
  })
})

it("issues a secret only to a client that uses one, and never the provider's", async () => {
  const basic = await (await register({ redirect_uris })).json()
  expect(basic).toMatchObject({
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: expect.stringMatching(/^[\w-]{43}$/),
    client_secret_expires_at: 0,
  })
  expect(JSON.stringify(basic)).not.toContain('dev-secret')
  expect(JSON.stringify(basic)).not.toContain('dev-client')
})

it('takes what real clients register', async () => {
  const cursor = [
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'https://www.cursor.com/agents/mcp/oauth/callback',
    'http://localhost:8787/callback',
  ]
  const code = [
    'http://127.0.0.1:33418/',
    'http://127.0.0.1/',
    'https://vscode.dev/redirect',
    'https://insiders.vscode.dev/redirect',
  ]
  for (const uris of [
    cursor,
    code,
    ['https://claude.ai/api/mcp/auth_callback'],
    ['http://localhost:6274/oauth/callback/debug'],
  ]) {
    const response = await register({ redirect_uris: uris, token_endpoint_auth_method: 'none' })
    expect(response.status).toBe(201)
    expect((await response.json()).redirect_uris).toEqual(uris)
  }
})

it('takes a private-use scheme from a client that calls itself a web application, as Cursor has', async () => {
  const uris = ['cursor://anysphere.cursor-mcp/oauth/callback', 'http://localhost:8787/callback']
  const response = await register({
    redirect_uris: uris,
    application_type: 'web',
    token_endpoint_auth_method: 'none',
  })
  expect(response.status).toBe(201)
  expect((await response.json()).application_type).toBe('native')
})

describe('refuses, and names what is wrong', () => {
  it.each([
    ['no redirect', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['plain http elsewhere', { redirect_uris: ['http://evil.test/cb'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://app.test/cb#x'] }, 'invalid_redirect_uri'],
    ['our own endpoint', { redirect_uris: [`${issuer}/callback/github`] }, 'invalid_redirect_uri'],
    [
      'a method we do not have',
      { redirect_uris, token_endpoint_auth_method: 'tls_client_auth' },
      'invalid_client_metadata',
    ],
    ['no object', [], 'invalid_client_metadata'],
    ['no JSON', 'nonsense', 'invalid_client_metadata'],
  ])('%s', async (_, body, error) => {
    const response = await register(body)
    expect(response.status).toBe(400)
    expect((await response.json()).error).toBe(error)
  })

  it('what the operator does not allow', async () => {
    const options = { redirectUris: { allow: ['https://claude.ai/*'] } }
    const refused = await register({ redirect_uris }, options)
    expect(refused.status).toBe(400)
    expect((await refused.json()).error_description).toContain('127.0.0.1')
    expect(
      (await register({ redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] }, options)).status,
    ).toBe(201)
  })
})

it('tells the operator where it came from', async () => {
  const { auth, events } = world()
  const request = new Request(`${issuer}/register`, {
    method: 'POST',
    body: JSON.stringify({ redirect_uris }),
  })
  await auth.handle(request, { clientAddress: '192.0.2.7' })
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'client.registered', client_address: '192.0.2.7' }),
  )
})

it('can be switched off, and the metadata says so', async () => {
  const { fetch } = world({ registration: { enabled: false } })
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  expect(metadata).not.toHaveProperty('registration_endpoint')
  // Not ours any more: here the application's own route answers.
  expect((await fetch(`${issuer}/register`, { method: 'POST', body: '{}' })).status).toBe(401)
})
