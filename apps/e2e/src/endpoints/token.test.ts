import { describe, expect, it } from 'vitest'
import { issuer, resource, world } from '../world.ts'
import { withCode } from './token.fixture.ts'

describe('a client that was given a secret and never named a method', () => {
  it.each(['client_secret_post', 'client_secret_basic'])(
    'may use %s, and then uses it again',
    async (method) => {
      const { app, registration, pending, callback } = await withCode(world(), {
        token_endpoint_auth_method: undefined,
      })
      expect(registration.body.token_endpoint_auth_method).toBe('client_secret_basic')
      const { client_id, client_secret } = registration.body
      const by = (token_endpoint_auth_method: string) => {
        app.credentials = { client_id: client_id ?? '', client_secret, token_endpoint_auth_method }
      }
      by(method)
      const tokens = await app.exchange(pending, callback)
      expect(tokens.status).toBe(200)
      by(method === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post')
      expect((await app.refresh(tokens.body.refresh_token)).body.error).toMatch(/^invalid_(client|grant)$/)
      by(method)
      expect((await app.refresh(tokens.body.refresh_token)).status).toBe(200)
    },
  )

  it('cannot do without the secret', async () => {
    const { app, registration, pending, callback } = await withCode(world(), {
      token_endpoint_auth_method: undefined,
    })
    const { client_id = '' } = registration.body
    for (const client_secret of [undefined, 'wrong']) {
      const token_endpoint_auth_method = client_secret ? 'client_secret_post' : 'none'
      app.credentials = { client_id, client_secret, token_endpoint_auth_method }
      expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    }
  })
})

describe('tokens are what they say', () => {
  it('an access token is an at+jwt for this resource alone, an hour long (RFC 9068)', async () => {
    const w = world()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const [header, payload] = access_token.split('.').slice(0, 2).map(decoded)
    expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256', kid: expect.any(String) })
    expect(payload).toMatchObject({
      iss: issuer,
      aud: resource,
      scope: 'read:user',
      client_id: expect.any(String),
    })
    expect(payload.exp - payload.iat).toBe(3600)
    const { keys } = await (await w.fetch(`${issuer}/jwks`)).json()
    expect(keys).toEqual([expect.objectContaining({ kid: header.kid, alg: 'ES256', use: 'sig' })])
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/)
  })

  it('each kind is refused in the place of another', async () => {
    const w = world()
    const app = w.client()
    const { access_token, refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    expect((await w.call(refresh_token)).status).toBe(401)
    expect((await app.refresh(access_token)).body.error).toBe('invalid_grant')
  })

  it('an access token ends on time, and a changed one is none', async () => {
    const w = world()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const [header = '', payload = '', signature = ''] = access_token.split('.')
    const claims = decoded(payload)
    const forged = encoded({ ...claims, scope: 'admin' })
    const none = encoded({ alg: 'none', typ: 'at+jwt' })
    for (const bad of [
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      `${header}.${payload}.`,
      'x.y.z',
      'x',
    ]) {
      expect((await w.call(bad)).status, bad.slice(0, 20)).toBe(401)
    }
    expect((await w.call(access_token)).status).toBe(200)
    w.clock.advance(3600)
    expect((await w.call(access_token)).status).toBe(401)
  })
})

it('gives a client that registered without refresh_token none', async () => {
  const w = world()
  const { app, pending, callback } = await withCode(w, { grant_types: ['authorization_code'] })
  const tokens = await app.exchange(pending, callback)
  expect(tokens.status).toBe(200)
  expect(tokens.body.refresh_token).toBeUndefined()
  expect((await w.call(tokens.body.access_token)).status).toBe(200)
})

it("knows the operator's own clients", async () => {
  const w = world({
    clients: [
      {
        client_id: 'desk',
        redirect_uris: ['http://127.0.0.1/callback'],
        client_secret: 's3cret-of-the-desk-2q9vLxT7bWmKc4RzY',
      },
    ],
  })
  const app = w.client({
    credentials: { client_id: 'desk', client_secret: 's3cret-of-the-desk-2q9vLxT7bWmKc4RzY' },
  })
  const { access_token } = await app.login(w.browser(), { user: 'octocat' })
  expect((await w.call(access_token)).status).toBe(200)
})

function decoded(part: string) {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

function encoded(value: unknown) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
