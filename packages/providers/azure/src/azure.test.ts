import type { UpstreamTokens } from '@drawbridge/core/provider'
import { type DevOidcTokens, type OpenedProvider, providerCall, providerContract } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { ACME, API, CREDENTIALS, entra, GRAPH, ORIGIN } from './entra.fixture.ts'
import { type AzureOptions, azure } from './index.ts'

const PEOPLE = { member: 'ada', other: 'grace', refused: 'max' }

function opened(options: AzureOptions, scopes: readonly string[]): OpenedProvider {
  const { dev, fetch } = entra()
  const call = providerCall({ fetch })
  const provider = azure({
    ...CREDENTIALS,
    tenant: 'organizations',
    allow: { tenants: [ACME] },
    ...options,
  } as AzureOptions)
  const refusal = (error: string, code: number) =>
    Response.json({ error, error_description: `AADSTS${code}: why.`, error_codes: [code] }, { status: 400 })
  return {
    provider,
    call,
    async signIn(person) {
      const sent = provider.scopes.toUpstream?.(scopes) ?? []
      const { claims, ...answer } = dev.issue(PEOPLE[person], { origin: ORIGIN, scopes: sent })
      return { tokens: { ...tokensOf(answer), scopes: [...scopes] }, claims }
    },
    works: async ({ access_token }) => dev.works(access_token),
    async refresh({ refresh_token = '', scopes }) {
      const credentials = { client_id: 'dev-client', client_secret: 'dev-secret' }
      const sent = provider.parameters?.refresh?.({
        scopes: [...(provider.scopes.toUpstream?.(scopes) ?? [])],
      })
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token,
        ...sent,
        ...credentials,
      })
      const response = await call(`${ORIGIN}/${ACME}/oauth2/v2.0/token`, { method: 'POST', body })
      return response.ok ? { ...tokensOf({ refresh_token, ...(await response.json()) }), scopes } : undefined
    },
    answers: async () => [
      {
        what: 'a second factor that is wanted now',
        leg: 'refresh',
        response: refusal('interaction_required', 50076),
        becomes: { error: 'invalid_grant' },
      },
      {
        what: 'a secret that is over',
        leg: 'refresh',
        response: refusal('invalid_client', 7000222),
        becomes: { error: 'invalid_client' },
      },
    ],
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): Omit<UpstreamTokens, 'scopes'> {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer' }
}

const own = ['openid', 'profile', 'offline_access', 'files.read']

describe('the provider contract', () => {
  for (const c of providerContract({ without: ['calls', 'revoke'] }))
    it(c.name, () => c.run(() => opened({ scopes: ['files.read'] }, own)))
})

describe('the provider contract, with what Microsoft Graph says', () => {
  const graph = { fields: ['department'] }
  for (const c of providerContract({ without: ['revoke'] })) {
    it(`${c.name}: by its own token`, () =>
      c.run(() => opened({ graph, scopes: [`${API}/files.read`] }, [...own, `${GRAPH}/User.Read`])))
  }
})

it('is where Entra is, for each tenant and each cloud', () => {
  const { authority: _, ...credentials } = CREDENTIALS
  const at = (options: AzureOptions) =>
    azure({ ...credentials, tenant: ACME, ...options } as AzureOptions).endpoints
  expect(at({})).toEqual({
    authorization: `https://login.microsoftonline.com/${ACME}/oauth2/v2.0/authorize`,
    token: `https://login.microsoftonline.com/${ACME}/oauth2/v2.0/token`,
    jwks: `https://login.microsoftonline.com/${ACME}/discovery/v2.0/keys`,
  })
  const authority = 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in'
  expect(at({ authority }).token).toBe(`${authority}/oauth2/v2.0/token`)
  expect(at({ authority: 'https://login.microsoftonline.us/' }).jwks).toBe(
    `https://login.microsoftonline.us/${ACME}/discovery/v2.0/keys`,
  )
  const token = 'https://inside.acme.test/token'
  expect(at({ endpoints: { token } })).toMatchObject({
    token,
    jwks: expect.stringContaining('microsoftonline'),
  })
})
