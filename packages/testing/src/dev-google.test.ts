import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { devGoogle } from './dev-google.ts'
import { type Asked, atProvider } from './dev-oidc.fixture.ts'
import type { DevOidcOptions } from './dev-oidc.ts'

const offline = { access_type: 'offline', scope: 'openid email profile' }

function google(options: DevOidcOptions = {}) {
  return atProvider(devGoogle(options), {
    authorize: '/o/oauth2/v2/auth',
    token: '/token',
    user: '1001',
  })
}

const tokeninfo = async ({ get }: ReturnType<typeof google>, access_token = '') => {
  const response = await get(`/tokeninfo?access_token=${access_token}`)
  return { status: response.status, body: await response.json() }
}

it('has its endpoints where Google has them', async () => {
  const { get, origin } = google()
  const metadata = await (await get('/.well-known/openid-configuration')).json()
  expect(metadata).toMatchObject({
    issuer: origin,
    authorization_endpoint: `${origin}/o/oauth2/v2/auth`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
    id_token_signing_alg_values_supported: ['RS256'],
  })
})

it('has access tokens with a dot in them that are no JWT, also to introspection where that is on', async () => {
  const { signIn, post } = google({ introspection: true })
  const { access_token: token } = await signIn(offline)
  expect(token).toMatch(/^ya29\./)
  const form = { client_id: 'dev-client', client_secret: 'dev-secret', token }
  expect((await post('/introspect', form)).body).toMatchObject({ active: true, sub: '1001' })
})

describe('refresh tokens', () => {
  it('come only with access_type=offline', async () => {
    const { signIn } = google()
    expect(await signIn({ scope: 'openid' })).not.toHaveProperty('refresh_token')
    expect(await signIn(offline)).toHaveProperty('refresh_token')
  })

  it('and after the first consent only with prompt=consent', async () => {
    const { signIn } = google()
    await signIn(offline)
    expect(await signIn(offline)).not.toHaveProperty('refresh_token')
    expect(await signIn({ ...offline, prompt: 'consent' })).toHaveProperty('refresh_token')
    expect(await signIn({ scope: 'openid', prompt: 'consent' })).not.toHaveProperty('refresh_token')
  })

  it('stay the same, and neither come again nor bring an id_token', async () => {
    const { signIn, refresh, dev } = google()
    const first = await signIn(offline)
    for (const _ of [1, 2]) {
      const { status, body } = await refresh(first.refresh_token)
      expect(status).toBe(200)
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
      expect([first.access_token, body.access_token].map(dev.works)).toEqual([true, true])
    }
  })
})

it('scopes are granted under their long names', async () => {
  const { signIn } = google()
  const { scope } = await signIn({ scope: 'openid email profile https://www.googleapis.com/auth/drive.file' })
  expect(scope).toBe(
    'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/drive.file',
  )
})

it('an id_token says what the scopes are about, and of whose organization', async () => {
  const { signIn, claims } = google()
  expect(claims(await signIn({ scope: 'openid' }))).not.toHaveProperty('email')
  const all = claims(await signIn(offline))
  expect(all).toMatchObject({ sub: '1001', email: 'ada@acme.test', hd: 'acme.test', azp: 'dev-client' })
  expect(claims(await signIn(offline, '1003'))).not.toHaveProperty('hd')
})

describe('revocation', () => {
  it('ends all that somebody gave the app, and nothing of others', async () => {
    const { signIn, post, refresh, dev } = google()
    const [one, two, other] = [await signIn(offline), await signIn(offline), await signIn(offline, '1002')]
    const { status } = await post('/revoke', { token: two.access_token })
    expect(status).toBe(200)
    expect([one, two, other].map(({ access_token }) => dev.works(access_token))).toEqual([false, false, true])
    expect(await refresh(one.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
    })
  })

  it('of a token that has ended is refused', async () => {
    const { signIn, post } = google()
    const { access_token } = await signIn(offline)
    await post('/revoke', { token: access_token })
    expect(await post('/revoke', { token: access_token })).toMatchObject({
      status: 400,
      body: { error: 'invalid_token' },
    })
  })
})

describe('/tokeninfo', () => {
  it('says whose an access token is and for which app, all as text', async () => {
    const at = google({ clock: fakeClock() })
    const { access_token } = await at.signIn(offline)
    expect(await tokeninfo(at, access_token)).toEqual({
      status: 200,
      body: {
        azp: 'dev-client',
        aud: 'dev-client',
        sub: '1001',
        scope:
          'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile',
        exp: expect.stringMatching(/^\d+$/),
        email: 'ada@acme.test',
        email_verified: 'true',
      },
    })
  })

  it('refuses one that has ended, and one that there never was', async () => {
    const clock = fakeClock()
    const at = google({ clock })
    const { access_token } = await at.signIn(offline)
    clock.advance(3599)
    const refused = { status: 400, body: { error: 'invalid_token' } }
    for (const token of [access_token, 'never']) expect(await tokeninfo(at, token)).toMatchObject(refused)
  })
})

it.each<[string, Asked, string]>([
  ['a code that is unknown', { code: 'never' }, 'invalid_grant'],
  ['another redirect URI', { redirect_uri: 'https://else.test/' }, 'redirect_uri_mismatch'],
  ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
])('%s is refused in its words', async (_, changes, error) => {
  const { authorize, exchange } = google()
  const refused = await exchange(await authorize(offline), changes)
  expect(refused.body).toEqual({ error, error_description: expect.any(String) })
})
