import { openIdConnect } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'
import { type DevOidcOptions, devOidc } from './dev-oidc.ts'
import { network } from './network.ts'
import { type OpenedProvider, providerCall, providerContract, type SignedIn } from './provider-contract.ts'

const origin = 'https://login.test'
const PEOPLE = { member: 'ada', other: 'grace', refused: 'mallory' }

/** What core would do, in the fewest steps: a sign-in, a refresh, and what can be discovered. */
function opened(truth: DevOidcOptions = {}): OpenedProvider & { dev: ReturnType<typeof devOidc> } {
  const dev = devOidc({
    users: Object.values(PEOPLE).map((sub) => ({ sub, name: sub, email: `${sub}@example.com` })),
    ...truth,
  })
  const call = providerCall({ fetch: network({ [origin]: dev.fetch }) })
  const app = { client_id: 'dev-client', redirect_uri: 'https://mcp.test/callback/login' }

  async function post(form: Record<string, string>): Promise<SignedIn | undefined> {
    const body = new URLSearchParams({ ...app, client_secret: 'dev-secret', ...form })
    const response = await call(`${origin}/token`, { method: 'POST', body })
    if (!response.ok) return undefined
    const { id_token = '', ...answer } = await response.json()
    const [, payload = ''] = id_token.split('.')
    const { access_token, refresh_token = form.refresh_token, expires_in = 0 } = answer
    return {
      tokens: {
        access_token,
        refresh_token,
        token_type: 'bearer',
        scopes: ['openid'],
        expires_at: Math.floor(Date.now() / 1000) + expires_in,
      },
      ...(payload && { claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) }),
    }
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
      allow: ({ email }) => email !== 'mallory@example.com',
    }),
    async signIn(person) {
      const query = new URLSearchParams({ ...app, response_type: 'code', scope: 'openid email profile' })
      const body = new URLSearchParams({ login: PEOPLE[person] })
      const back = await call(`${origin}/authorize?${query}`, { method: 'POST', body })
      const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? ''
      const signedIn = await post({ grant_type: 'authorization_code', code })
      if (!signedIn) throw new Error('the code was refused')
      return signedIn
    },
    works: async ({ access_token }) => dev.works(access_token),
    refresh: async ({ refresh_token = '' }) =>
      (await post({ grant_type: 'refresh_token', refresh_token }))?.tokens,
  }
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
