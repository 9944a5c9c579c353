import { openIdConnect } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
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
