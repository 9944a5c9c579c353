import { AccessDenied } from '@drawbridge/core/provider'
import { type DevOidc, type DevOidcOptions, devGoogle, fakeClock, network } from '@drawbridge/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type GoogleTokenVerifierOptions, googleTokenVerifier } from './index.ts'

const RESOURCE = { resource: 'https://mcp.acme.dev/mcp' }
const ORIGIN = 'https://google.test'
const ENDPOINTS = { tokeninfo: `${ORIGIN}/tokeninfo`, userinfo: `${ORIGIN}/v1/userinfo` }
const APPS = ['web', 'desktop', 'other'].map((clientId) => ({ clientId, clientSecret: 'dev-secret' }))
const SCOPES = ['openid', 'email', 'profile']

let clock = fakeClock()
let dev: DevOidc
const start = (options: DevOidcOptions = {}) => {
  dev = devGoogle({ apps: APPS, clock, ...options })
}
beforeEach(() => {
  clock = fakeClock()
  start()
})
afterEach(() => vi.unstubAllEnvs())

const issue = (sub = '1001', clientId = 'web', scopes = SCOPES) =>
  dev.issue(sub, { clientId, origin: ORIGIN, scopes }).access_token

/** What Google answers is changed on its way, where a test says so. */
type Changed = (endpoint: string, body: Record<string, unknown>) => unknown

function verifier(options: GoogleTokenVerifierOptions = {}, changed: Changed = (_, body) => body) {
  const google = network({ [ORIGIN]: dev.fetch })
  const subject = googleTokenVerifier({
    clientId: 'web',
    endpoints: ENDPOINTS,
    clock,
    async fetch(url, init) {
      const response = await google(new Request(url, init))
      return Response.json(changed(new URL(String(url)).pathname, await response.json()), response)
    },
    ...options,
  })
  return (token: string) => subject.verify(token, RESOURCE)
}

const told =
  (more: object): Changed =>
  (path, body) =>
    path === '/tokeninfo' ? { ...body, ...more } : body

describe('googleTokenVerifier', () => {
  it('accepts a token of this app, as the same user that the provider knows', async () => {
    const exp = Math.floor(clock.now() / 1000) + 300
    expect(
      await verifier()(issue('1001', 'web', [...SCOPES, 'https://www.googleapis.com/auth/drive.file'])),
    ).toEqual({
      status: 'valid',
      token: {
        subject: 'google|1001',
        clientId: 'web',
        scopes: [...SCOPES, 'drive.file'],
        expiresAt: exp,
        issuer: 'https://accounts.google.com',
        user: expect.objectContaining({ sub: '1001', name: 'Ada', email: 'ada@acme.test', hd: 'acme.test' }),
      },
    })
    expect(await verifier({ id: 'google-staff' })(issue())).toMatchObject({
      token: { subject: 'google-staff|1001' },
    })
  })

  it("refuses another app's token, although it is one of Google's, and asks nothing more about it", async () => {
    expect(await verifier()(issue('1001', 'other'))).toEqual({ status: 'invalid', reason: 'of another app' })
    expect(dev.requests.map(({ path }) => path)).toEqual(['/tokeninfo'])
  })

  it('takes several clients, and no others', async () => {
    const check = verifier({ clientId: ['web', 'desktop'] })
    expect(await check(issue('1001', 'desktop'))).toMatchObject({ token: { clientId: 'desktop' } })
    expect(await check(issue('1001', 'web'))).toMatchObject({ token: { clientId: 'web' } })
    expect(await check(issue('1001', 'other'))).toMatchObject({ status: 'invalid' })
  })

  it.each<[string, object]>([
    ['for us, and given to another', { azp: 'other' }],
    ['for another, and given to us', { aud: 'other' }],
    ['for a longer name', { aud: 'web.evil' }],
    ['of nobody', { sub: undefined }],
    ['of an empty name', { sub: '' }],
    ['that has ended', { exp: '1' }],
  ])('refuses a token %s', async (_, more) => {
    expect(await verifier({}, told(more))(issue())).toMatchObject({ status: 'invalid' })
  })

  it('takes one without azp', async () => {
    expect(await verifier({}, told({ azp: undefined }))(issue())).toMatchObject({ status: 'valid' })
  })

  it('refuses a dead token', async () => {
    const token = issue()
    dev.revokeUser('1001')
    expect(await verifier()(token)).toEqual({ status: 'invalid', reason: 'not a live token' })
  })

  it('refuses one that Google calls an invalid value, and no more than that', async () => {
    const said = { error_description: 'Invalid Value' }
    const fetch = async () => Response.json(said, { status: 400 })
    expect(await verifier({ fetch })(issue())).toEqual({ status: 'invalid', reason: 'not a live token' })
  })

  it('shows an id_token as what it is not: no access token', async () => {
    const { id_token } = dev.issue('1001', { clientId: 'web', origin: ORIGIN })
    expect(await verifier({ recognises: () => true })(id_token)).toMatchObject({ status: 'invalid' })
  })

  it('applies the rules of the provider', async () => {
    const allow = { hostedDomains: ['acme.test'] }
    expect(await verifier({ allow })(issue('1001'))).toMatchObject({ status: 'valid' })
    expect(await verifier({ allow })(issue('1003'))).toMatchObject({ status: 'invalid' })
    expect(await verifier({ allow: { emails: ['ada@acme.test'] } })(issue())).toMatchObject({
      status: 'valid',
    })
    const unverified: Changed = (_, body) => ({ ...body, email_verified: false })
    expect(await verifier({ allow: { verifiedEmail: true } }, unverified)(issue())).toMatchObject({
      status: 'invalid',
    })
    for (const permit of [
      () => false,
      () => undefined as never,
      ({ sub }: { sub: string }) => sub === '1002',
    ])
      expect(await verifier({ permit })(issue())).toMatchObject({ status: 'invalid' })
    const permit = () => {
      throw new AccessDenied('Not on Sundays.')
    }
    expect(await verifier({ permit })(issue())).toEqual({ status: 'invalid', reason: 'Not on Sundays.' })
    const broken = () => {
      throw new Error('no database')
    }
    expect(await verifier({ permit: broken })(issue())).toMatchObject({ status: 'unavailable' })
  })

  it('believes nobody about somebody else', async () => {
    const mixed: Changed = (path, body) => (path === '/v1/userinfo' ? { ...body, sub: '1002' } : body)
    expect(await verifier({}, mixed)(issue())).toMatchObject({ status: 'unavailable' })
  })

  it('leaves foreign tokens to the next verifier, and shows them to nobody', async () => {
    const { id_token, access_token } = dev.issue('1001', { clientId: 'web', origin: ORIGIN })
    for (const token of ['', 'gho_x', 'Ya29.x', `x${access_token}`, id_token])
      expect(await verifier()(token), token).toEqual({ status: 'not-mine' })
    expect(await verifier({ recognises: (token) => token === 'x' })(access_token)).toEqual({
      status: 'not-mine',
    })
    expect(dev.requests).toEqual([])
    expect(await verifier()('ya29.never')).toMatchObject({ status: 'invalid' })
  })

  it('puts no token into an address', async () => {
    const urls: string[] = []
    const fetch = async (url: string | URL | Request, init?: RequestInit) => {
      urls.push(String(url))
      return network({ [ORIGIN]: dev.fetch })(url, init)
    }
    expect(await verifier({ fetch })(issue())).toMatchObject({ status: 'valid' })
    expect(urls).toEqual([ENDPOINTS.tokeninfo, ENDPOINTS.userinfo])
  })
})

describe('an outage', () => {
  it.each<[string, () => Response | Promise<Response>]>([
    ['503', () => new Response('', { status: 503 })],
    ['429', () => Response.json({ error: 'rate_limit' }, { status: 429 })],
    ['400 of something else', () => Response.json({ error: 'invalid_request' }, { status: 400 })],
    [
      '400 of something else about a value',
      () => Response.json({ error: 'invalid_request', error_description: 'Invalid Value' }, { status: 400 }),
    ],
    ['400 with HTML', () => new Response('<h1>Blocked</h1>', { status: 400 })],
    ['200 with nothing', () => Response.json(null)],
    ['a reset', () => Promise.reject(new TypeError('fetch failed'))],
  ])('is no verdict, tells no token, and is forgotten: %s', async (_, answer) => {
    const token = issue()
    let isDown = true
    const google = network({ [ORIGIN]: dev.fetch })
    const fetch = async (url: string | URL | Request, init?: RequestInit) =>
      isDown ? answer() : google(url, init)
    const check = verifier({ fetch })
    const verification = await check(token)
    expect(JSON.stringify(verification)).not.toContain(token)
    expect(verification.status).toBe('unavailable')
    isDown = false
    expect(await check(token)).toMatchObject({ status: 'valid' })
  })

  it('is an answer that does not say for whom the token is, or when it ends', async () => {
    for (const more of [
      { aud: undefined },
      { aud: ['web'] },
      { exp: undefined },
      { exp: 'soon' },
      { exp: null },
    ])
      expect(await verifier({}, told(more))(issue())).toMatchObject({ status: 'unavailable' })
  })
})

it('Google is asked once in the lifetime, also by many requests at once', async () => {
  const token = issue()
  const check = verifier({ lifetime: 60 })
  const asked = () => dev.requests.filter(({ path }) => path === '/tokeninfo').length
  const all = await Promise.all(Array.from({ length: 5 }, () => check(token)))
  expect(all.map(({ status }) => status)).toEqual(Array(5).fill('valid'))
  clock.advance(59)
  await check(token)
  expect(asked()).toBe(1)
  dev.revokeUser('1001')
  clock.advance(2)
  expect(await check(token)).toMatchObject({ status: 'invalid' })
})

describe('options', () => {
  it('take the client id from the environment', async () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_CLIENT_ID', 'web')
    expect(await verifier({ clientId: undefined })(issue())).toMatchObject({ status: 'valid' })
    vi.stubEnv('DRAWBRIDGE_GOOGLE_CLIENT_ID', '')
    expect(() => verifier({ clientId: undefined })).toThrow(
      /clientId: is missing.*DRAWBRIDGE_GOOGLE_CLIENT_ID/,
    )
  })

  it.each<[object, RegExp]>([
    [{ clientId: [] }, /clientId: holds no client id/],
    [{ clientId: ['web', ''] }, /clientId: holds no client id/],
    [{ allow: {} }, /allow: names nobody/],
    [{ endpoints: { tokeninfo: 'http://google.test' } }, /endpoints.tokeninfo: .*https/],
    [{ endpoints: { token: 'https://google.test' } }, /endpoints.token/],
    [{ clientSecret: 'x' }, /clientSecret: there is no such option/],
    [{ lifetime: 0 }, /lifetime: is 0/],
  ])('refuse %j', (options, message) => {
    expect(() => verifier(options)).toThrow(message)
  })
})
