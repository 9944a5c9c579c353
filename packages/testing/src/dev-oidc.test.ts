import { createPublicKey, verify } from 'node:crypto'
import { openIdConnect, type UpstreamTokens } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { type DevOidc, type DevOidcOptions, type DevOidcTokens, devOidc } from './dev-oidc.ts'
import { network } from './network.ts'
import { type OpenedProvider, providerCall, providerContract } from './provider-contract.ts'

const origin = 'https://login.test'
const PEOPLE = { member: 'ada', other: 'grace', refused: 'mallory' }

/** What core would do, in the fewest steps: a sign-in, a refresh, and what can be discovered. */
function opened(truth: DevOidcOptions = {}): OpenedProvider & { dev: DevOidc } {
  const dev = devOidc({
    users: Object.values(PEOPLE).map((sub) => ({ sub, name: sub, email: `${sub}@example.com` })),
    ...truth,
  })
  const call = providerCall({ fetch: network({ [origin]: dev.fetch }) })

  async function post(form: Record<string, string>): Promise<DevOidcTokens | undefined> {
    const body = new URLSearchParams({ client_id: 'dev-client', client_secret: 'dev-secret', ...form })
    const response = await call(`${origin}/token`, { method: 'POST', body })
    return response.ok ? response.json() : undefined
  }

  return {
    dev,
    call,
    endpoints: { userinfo: `${origin}/userinfo`, revocation: `${origin}/revoke` },
    provider: openIdConnect({
      id: 'login',
      label: 'Login',
      issuer: origin,
      clientId: 'dev-client',
      clientSecret: 'dev-secret',
      permit: ({ email }) => email !== 'mallory@example.com',
    }),
    async signIn(person) {
      const { claims, ...answer } = dev.issue(PEOPLE[person], { origin })
      return { tokens: tokensOf(answer), claims }
    },
    works: async ({ access_token }) => dev.works(access_token),
    async refresh({ refresh_token = '' }) {
      const answer = await post({ grant_type: 'refresh_token', refresh_token })
      return answer && tokensOf({ refresh_token, ...answer })
    },
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): UpstreamTokens {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer', scopes: ['openid'] }
}

describe('a whole OpenID provider keeps the contract', () => {
  const asksUserinfo = providerContract({ without: ['conform'] })
  for (const c of asksUserinfo) it(c.name, () => c.run(() => opened({ idTokenClaims: false })))
})

describe('and where the id_token says enough', () => {
  const asksNobody = providerContract({ without: ['conform', 'calls'] })
  for (const c of asksNobody) it(c.name, () => c.run(() => opened()))
})

it('revokeUser ends what one person gave, and nothing of others', async () => {
  const { dev, signIn } = opened()
  const [member, other] = [await signIn('member'), await signIn('other')]
  dev.revokeUser('ada')
  expect(dev.works(member.tokens.access_token)).toBe(false)
  expect(dev.works(other.tokens.access_token)).toBe(true)
})

describe('issue', () => {
  const scopes = ['openid', 'mail.read']

  /** A sign-in in a browser, in the fewest steps. */
  async function byCode(dev: DevOidc): Promise<Record<string, string>> {
    const app = { client_id: 'dev-client', redirect_uri: 'https://mcp.test/callback' }
    const query = new URLSearchParams({ ...app, response_type: 'code', scope: scopes.join(' ') })
    const post = (path: string, form: Record<string, string>) =>
      dev.fetch(new Request(origin + path, { method: 'POST', body: new URLSearchParams(form) }))
    const back = await post(`/authorize?${query}`, { login: 'ada' })
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const form = { ...app, client_secret: 'dev-secret', grant_type: 'authorization_code', code }
    return (await post('/token', form)).json()
  }
  const payload = (id_token = '') =>
    JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString())
  const random = { access_token: expect.any(String), id_token: expect.any(String) }

  it.each<[string, DevOidcOptions]>([
    ['as it comes', {}],
    [
      'that rotates nothing and says little',
      { rotation: false, idTokenClaims: false, accessTokenLifetime: 60 },
    ],
    ['without refresh tokens', { refreshTokens: 'never', scopesNamed: () => undefined }],
    ['of many issuers', { issuerOf: ({ sub }, base) => `${base}/${sub}`, accessTokenLifetime: 'for ever' }],
  ])('gives what a sign-in brings, at a provider %s', async (_, truth) => {
    const options = { ...truth, clock: fakeClock() }
    const answer = await byCode(devOidc(options))
    const { claims, ...issued } = devOidc(options).issue('ada', { scopes, origin })
    expect(issued).toEqual({
      ...answer,
      ...random,
      ...(answer.refresh_token && { refresh_token: expect.any(String) }),
    })
    expect(claims).toEqual(payload(answer.id_token))
    expect(payload(issued.id_token)).toEqual(claims)
  })

  it('counts as a sign-in', async () => {
    const dev = devOidc({ refreshTokens: 'on consent' })
    expect(dev.issue('ada', { origin })).toHaveProperty('refresh_token')
    expect(dev.issue('ada', { origin })).not.toHaveProperty('refresh_token')
    expect(await byCode(dev)).not.toHaveProperty('refresh_token')
    dev.revokeUser('ada')
    expect(dev.issue('ada', { origin })).toHaveProperty('refresh_token')
  })

  it('is signed with the key that is published', async () => {
    const dev = devOidc()
    const { keys } = await (await dev.fetch(new Request(`${origin}/jwks`))).json()
    const [head, body, signature = ''] = dev.issue('ada', { origin }).id_token.split('.')
    const key = createPublicKey({ key: keys[0], format: 'jwk' })
    const isGood = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
    expect(isGood).toBe(true)
  })

  it('is issued where the provider listens', async () => {
    const dev = devOidc()
    const { url, close } = await dev.listen()
    expect(dev.issue('ada').claims.iss).toBe(url)
    await close()
  })

  it('says what it does not know', () => {
    const dev = devOidc()
    expect(() => dev.issue('nobody', { origin })).toThrow('devOidc has no user "nobody".')
    expect(() => dev.issue('ada', { origin, clientId: 'none' })).toThrow('devOidc has no app "none".')
    expect(() => dev.issue('ada')).toThrow('devOidc listens nowhere: pass `origin`')
  })
})

describe('on behalf of somebody', () => {
  async function started(onBehalfOf: DevOidcOptions['onBehalfOf']) {
    const clock = fakeClock()
    const opening = opened({ clock, onBehalfOf })
    const { tokens } = await opening.signIn('member')
    const ask = async (form: Record<string, string> = {}) => {
      const body = new URLSearchParams({
        client_id: 'dev-client',
        client_secret: 'dev-secret',
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: tokens.access_token,
        requested_token_use: 'on_behalf_of',
        scope: 'mail.send',
        ...form,
      })
      const response = await opening.call(`${origin}/token`, { method: 'POST', body })
      return { status: response.status, body: await response.json() }
    }
    return { ...opening, clock, tokens, ask }
  }

  it('an access token brings another one of the same user, and stays what it is', async () => {
    const { dev, tokens, ask } = await started(true)
    const { status, body } = await ask()
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'mail.send',
    })
    expect([tokens.access_token, body.access_token].map(dev.works)).toEqual([true, true])
    dev.revokeUser('grace')
    expect(dev.works(body.access_token)).toBe(true)
    dev.revokeUser('ada')
    expect(dev.works(body.access_token)).toBe(false)
  })

  it('with a refresh token and an id_token only where their scopes are asked for', async () => {
    const { ask } = await started(true)
    const { body } = await ask({ scope: 'mail.send openid offline_access' })
    expect(body).toMatchObject({ refresh_token: expect.any(String), id_token: expect.any(String) })
  })

  it('an access token that is unknown or has ended brings nothing, nor does a form that lacks something', async () => {
    const { clock, ask } = await started(true)
    const refused = (error: string) => ({ status: 400, body: { error } })
    expect(await ask({ assertion: 'of-somebody' })).toEqual(refused('invalid_grant'))
    expect(await ask({ requested_token_use: 'other' })).toEqual(refused('invalid_request'))
    expect(await ask({ scope: '' })).toEqual(refused('invalid_scope'))
    clock.advance(3599)
    expect((await ask()).status).toBe(200)
    clock.advance(1)
    expect(await ask()).toEqual(refused('invalid_grant'))
    const again = await started(true)
    again.dev.revokeUser('ada')
    expect(await again.ask()).toEqual(refused('invalid_grant'))
  })

  it('is refused with the error that is named, for as long as it is', async () => {
    let error: string | undefined = 'interaction_required'
    const { ask } = await started((scopes, { sub }) =>
      sub === 'ada' && scopes.includes('mail.send') ? error : undefined,
    )
    expect(await ask()).toMatchObject({ status: 400, body: { error: 'interaction_required' } })
    expect((await ask({ scope: 'mail.read' })).status).toBe(200)
    error = 'invalid_client'
    expect(await ask()).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    error = undefined
    expect((await ask()).status).toBe(200)
  })

  it('is a grant that there is not unless it is switched on', async () => {
    const { ask } = await started(undefined)
    expect(await ask()).toEqual({ status: 400, body: { error: 'unsupported_grant_type' } })
  })
})
