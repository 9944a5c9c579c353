import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, resource, type World, world } from './world.ts'

/** A client that has a code in hand, not yet redeemed. */
async function withCode(w: World, metadata: Record<string, unknown> = {}) {
  const app = w.client()
  const registration = await app.register(metadata)
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  return { app, registration, pending, callback }
}

describe('a wrong redemption gets its own error and leaves the code usable', () => {
  it.each([
    ['verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant'],
    ['verifier, of a form no verifier has', { code_verifier: 'short' }, 400, 'invalid_grant'],
    ['verifier, left out', { code_verifier: undefined }, 400, 'invalid_request'],
    ['redirect', { redirect_uri: 'http://127.0.0.1:33418/other' }, 400, 'invalid_grant'],
    ['redirect, left out', { redirect_uri: undefined }, 400, 'invalid_grant'],
    ['resource', { resource: 'https://other.test/mcp' }, 400, 'invalid_target'],
    ['client', { client_id: 'somebody-else' }, 401, 'invalid_client'],
    ['code', { code: `dbc_a.b.${'x'.repeat(43)}` }, 400, 'invalid_grant'],
    ['code, of no known form', { code: 'nonsense' }, 400, 'invalid_grant'],
    ['code, left out', { code: undefined }, 400, 'invalid_request'],
    ['grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['grant type, left out', { grant_type: undefined }, 400, 'invalid_request'],
    ['repeated code', { code: ['a', 'b'] }, 400, 'invalid_request'],
  ])('wrong %s', async (_, change, status, error) => {
    const { app, pending, callback } = await withCode(world())
    const wrong = await app.exchange(pending, callback, change)
    expect([wrong.status, wrong.body.error]).toEqual([status, error])
    expect(wrong.headers.get('cache-control')).toBe('no-store')
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it("another registered client's code", async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const thief = w.client()
    await thief.register()
    const stolen = await thief.exchange(pending, callback)
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant'])
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it.each(['client_secret_basic', 'client_secret_post'])(
    'wrong secret, %s',
    async (token_endpoint_auth_method) => {
      const { app, pending, callback } = await withCode(world(), { token_endpoint_auth_method })
      const right = app.credentials
      if (!right) throw new Error('not registered')
      for (const client_secret of ['wrong', undefined]) {
        app.credentials = {
          ...right,
          client_secret,
          token_endpoint_auth_method: client_secret ? token_endpoint_auth_method : 'none',
        }
        const wrong = await app.exchange(pending, callback)
        expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
      }
      app.credentials = right
      expect((await app.exchange(pending, callback)).status).toBe(200)
    },
  )

  it('a right secret by another method than registered', async () => {
    const { app, pending, callback } = await withCode(world(), {
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const right = app.credentials
    if (!right) throw new Error('not registered')
    app.credentials = { ...right, token_endpoint_auth_method: 'client_secret_post' }
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    app.credentials = right
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })
})

describe('the redirect URI of a redemption (RFC 6749 4.1.3)', () => {
  async function withoutRedirect() {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize({ redirect_uri: undefined })
    const redirectUri = pending.redirect_uri
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat', redirectUri })
    return { app, pending, callback }
  }

  it('may be left out when the authorization request left it out', async () => {
    const { app, pending, callback } = await withoutRedirect()
    expect((await app.exchange(pending, callback, { redirect_uri: undefined })).status).toBe(200)
  })

  it('is compared all the same when it is there', async () => {
    const { app, pending, callback } = await withoutRedirect()
    const wrong = await app.exchange(pending, callback, { redirect_uri: 'http://127.0.0.1:33418/other' })
    expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_grant'])
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })
})

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

describe('a code that comes again', () => {
  it('at once makes the grant doubtful: it goes on until the same user signs in there again', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const first = await app.exchange(pending, callback)
    w.clock.advance(119)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.doubted', reason: 'code_replayed' }),
    )
    expect((await w.call(first.body.access_token)).status).toBe(200)
    // There is no limit in time: it may have been a client that sent its request twice.
    w.clock.advance(25 * 3600)
    const second = await app.refresh(first.body.refresh_token)
    expect(second.status).toBe(200)

    const another = w.client({ credentials: app.credentials })
    const { refresh_token } = await another.login(w.browser(), { user: 'octocat' })
    expect((await w.call(second.body.access_token)).status).toBe(401)
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.ended', reason: 'doubtful' }))
    expect((await another.refresh(refresh_token)).status).toBe(200)
  })

  it('at once, from two windows of one client, leaves the tokens of the one that won', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const answers = await Promise.all([app.exchange(pending, callback), app.exchange(pending, callback)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    const won = answers.find(({ status }) => status === 200)
    expect((await app.refresh(won?.body.refresh_token)).status).toBe(200)
  })

  it('ends the grant later, but only for whoever knows the verifier', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const first = await app.exchange(pending, callback)
    w.clock.advance(121)
    // A stolen code alone cannot end an honest grant.
    expect((await app.exchange(pending, callback, { code_verifier: 'x'.repeat(43) })).body.error).toBe(
      'invalid_grant',
    )
    expect((await w.call(first.body.access_token)).status).toBe(200)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect((await w.call(first.body.access_token)).status).toBe(401)
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.ended', reason: 'code_replayed' }))
  })

  it('is dead five minutes after it was made', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    w.clock.advance(301)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
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
