import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { atProvider, payloadOf } from './dev-oidc.fixture.ts'
import { type DevOidcOptions, devOidc } from './dev-oidc.ts'

const provider = (options: DevOidcOptions = {}) =>
  atProvider(devOidc(options), { authorize: '/authorize', token: '/token', user: 'ada' })

describe('instead', () => {
  it('breaks one endpoint, for as long as it wants to, and the request is seen', async () => {
    let down = true
    const { get, dev } = provider({
      instead: ({ endpoint }) =>
        down && endpoint === 'jwks' ? new Response('', { status: 503 }) : undefined,
    })
    expect((await get('/jwks')).status).toBe(503)
    expect((await get('/.well-known/openid-configuration')).status).toBe(200)
    down = false
    expect((await get('/jwks')).status).toBe(200)
    expect(dev.requests.map(({ endpoint }) => endpoint)).toEqual(['jwks', 'discovery', 'jwks'])
  })

  it('makes an endpoint slow', async () => {
    let finish: (nothing: undefined) => void = () => {}
    const slow = new Promise<undefined>((resolve) => {
      finish = resolve
    })
    const { get } = provider({ instead: () => slow })
    const answered: string[] = []
    const asked = get('/jwks').then(({ status }) => answered.push(`answered ${status}`))
    await new Promise((resolve) => setImmediate(resolve))
    answered.push('waited')
    finish(undefined)
    await asked
    expect(answered).toEqual(['waited', 'answered 200'])
  })
})

it('idToken bends what is signed', async () => {
  const { signIn, claims } = provider({
    idToken: (claims, { sub }) => ({ ...claims, aud: `not ${claims.aud}`, nonce: `of ${sub}` }),
  })
  expect(claims(await signIn({ scope: 'openid', nonce: 'n' }))).toMatchObject({
    aud: 'not dev-client',
    nonce: 'of ada',
  })
})

describe('an access token that is a JWT', () => {
  it.each(['ES256', 'RS256'] as const)('is signed with the key that is published (%s)', async (algorithm) => {
    const { signIn, get } = provider({ algorithm, accessToken: ({ clientId }) => ({ aud: clientId }) })
    const { access_token } = await signIn({ scope: 'openid' })
    const { keys } = await (await get('/jwks')).json()
    const [head = '', body, signature = ''] = access_token.split('.')
    const key = { key: createPublicKey({ key: keys[0], format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
    const isGood = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
    expect(isGood).toBe(true)
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({
      alg: algorithm,
      kid: keys[0].kid,
    })
  })

  it('says whose it is, by whom and until when, and what is added', async () => {
    const clock = fakeClock()
    const { signIn, origin } = provider({
      clock,
      accessToken: ({ resource, scopes }) => ({ aud: resource, scopes }),
    })
    const { access_token } = await signIn({ scope: 'openid', resource: 'https://mcp.test/mcp' })
    const iat = Math.floor(clock.now() / 1000)
    expect(payloadOf(access_token)).toEqual({
      iss: origin,
      sub: 'ada',
      iat,
      exp: iat + 3600,
      jti: expect.any(String),
      aud: 'https://mcp.test/mcp',
      scopes: ['openid'],
    })
  })

  it('works as one that is opaque does', async () => {
    const { signIn, get, dev } = provider({ accessToken: () => ({}) })
    const { access_token } = await signIn({ scope: 'openid' })
    const ask = () => get('/userinfo', { authorization: `Bearer ${access_token}` })
    expect([dev.works(access_token), (await ask()).status]).toEqual([true, 200])
    dev.revokeUser('ada')
    expect([dev.works(access_token), (await ask()).status]).toEqual([false, 401])
  })
})

it('paths move endpoints, also below a tenant, and metadata says where', async () => {
  const { get, origin } = provider({
    paths: {
      discovery: '/{tenant}/.well-known/openid-configuration',
      jwks: '/{tenant}/keys',
      token: '/t.token',
    },
    issuer: (base, tenant) => `${base}/${tenant}`,
  })
  const document = await (await get('/acme/.well-known/openid-configuration')).json()
  expect(document).toMatchObject({
    issuer: `${origin}/acme`,
    jwks_uri: `${origin}/acme/keys`,
    token_endpoint: `${origin}/t.token`,
    authorization_endpoint: `${origin}/authorize`,
  })
  const statuses = ['/other/keys', '/keys', '/a/b/keys', '/txtoken', '/.well-known/openid-configuration'].map(
    async (path) => (await get(path)).status,
  )
  expect(await Promise.all(statuses)).toEqual([200, 404, 404, 404, 404])
})

describe('rotation', () => {
  it('ends what was there before', async () => {
    const { signIn, refresh, dev } = provider()
    const { access_token, refresh_token } = await signIn({ scope: 'openid' })
    expect((await refresh(refresh_token)).status).toBe(200)
    expect(dev.works(access_token)).toBe(false)
    expect((await refresh(refresh_token)).body).toEqual({ error: 'invalid_grant' })
  })

  it.each([[false], ['overlapping']] as const)('%s ends nothing', async (rotation) => {
    const { signIn, refresh, dev, post } = provider({ rotation })
    const { access_token, refresh_token } = await signIn({ scope: 'openid' })
    const [one, two] = [await refresh(refresh_token), await refresh(refresh_token)]
    expect([access_token, one.body.access_token, two.body.access_token].map(dev.works)).toEqual([
      true,
      true,
      true,
    ])
    expect('refresh_token' in one.body).toBe(rotation === 'overlapping')
    await post('/revoke', { client_id: 'dev-client', client_secret: 'dev-secret', token: refresh_token })
    expect((await refresh(refresh_token)).status).toBe(400)
  })
})

describe('the scopes of a token request', () => {
  const scope = 'openid read write'

  it('narrow the access token alone, where they are looked at', async () => {
    const { signIn, refresh } = provider({ tokenScopes: (asked, granted) => granted.includes(asked) })
    const first = await signIn({ scope }, 'ada', { scope: 'openid read' })
    expect(first.scope).toBe('openid read')
    const { status, body } = await refresh(first.refresh_token, { scope: 'write' })
    expect([status, body.scope]).toEqual([200, 'write'])
    expect(await refresh(body.refresh_token, { scope: 'admin' })).toEqual({
      status: 400,
      body: { error: 'invalid_scope' },
    })
    expect((await refresh(body.refresh_token)).body.scope).toBe('write')
  })

  it('are not looked at by default', async () => {
    const { signIn } = provider()
    expect((await signIn({ scope }, 'ada', { scope: 'admin' })).scope).toBe(scope)
  })
})

describe('what it refuses in addition', () => {
  const { authorize, choose, exchange, dev } = provider({
    refuses: ({ endpoint, parameters, user, grant }) => {
      if (endpoint === 'token')
        return grant && parameters.code_verifier === undefined ? { error: 'odd' } : undefined
      if (user?.sub === 'grace') return { error: 'no_grace', error_description: 'Not her.', status: 403 }
      return parameters.scope ? undefined : { error: 'no_scope', error_description: 'Why?' }
    },
    errors: { code: { error: 'no_code', status: 418, hint: 1 } },
  })

  it('is told to the client, or on a page', async () => {
    expect(await authorize({})).toMatchObject({ error: 'no_scope', error_description: 'Why?' })
    const page = await choose({ scope: 'openid' }, 'grace')
    expect([page.status, page.headers.has('location')]).toEqual([403, false])
    const callback = await authorize({ scope: 'openid' })
    expect(await exchange(callback)).toEqual({ status: 400, body: { error: 'odd' } })
    expect(dev.requests.some(({ endpoint }) => endpoint === 'authorization')).toBe(true)
  })

  it('and what is wrong in its own words', async () => {
    expect(await exchange({ code: 'never' })).toEqual({ status: 418, body: { error: 'no_code', hint: 1 } })
  })
})

describe('an app', () => {
  const apps = [
    { clientId: 'dev-client' },
    { clientId: 'signs', clientSecret: 's', assertion: (assertion: string) => assertion === 'signed' },
  ]

  it('without a secret is taken without one, and not with one', async () => {
    const { post } = provider({ apps })
    const form = { client_id: 'dev-client', grant_type: 'refresh_token' }
    expect((await post('/token', form)).body).toEqual({ error: 'invalid_grant' })
    expect((await post('/token', { ...form, client_secret: 'x' })).body).toEqual({ error: 'invalid_client' })
  })

  it('with assertions of its own shows one of them, or its secret', async () => {
    const { post } = provider({ apps })
    const answered = async (shown: object) =>
      (await post('/token', { client_id: 'signs', grant_type: 'refresh_token', ...shown })).body.error
    expect(await answered({ client_assertion: 'signed' })).toBe('invalid_grant')
    expect(await answered({ client_assertion: 's' })).toBe('invalid_client')
    expect(await answered({ client_secret: 's' })).toBe('invalid_grant')
    expect(await answered({})).toBe('invalid_client')
  })
})

it('introspection and registration are there only when switched on', async () => {
  const plain = provider()
  for (const path of ['/introspect', '/register']) expect((await plain.post(path, {})).status).toBe(404)
  const { signIn, post } = provider({ introspection: true })
  const { access_token: token } = await signIn({ scope: 'openid' })
  const form = { client_id: 'dev-client', client_secret: 'dev-secret', token }
  expect((await post('/introspect', form)).body).toEqual({
    active: true,
    client_id: 'dev-client',
    sub: 'ada',
    iss: 'https://login.test',
    scope: 'openid',
    exp: expect.any(Number),
    token_type: 'access_token',
  })
})
