import type { UpstreamTokens } from '@drawbridge/core/provider'
import {
  type DevOidcOptions,
  type DevOidcTokens,
  devGoogle,
  network,
  type OpenedProvider,
  providerCall,
  providerContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { CREDENTIALS, ORIGIN } from './google.fixture.ts'
import { google } from './index.ts'

const PEOPLE = { member: '1001', other: '1002', refused: '1003' }

function opened(truth: DevOidcOptions = {}): OpenedProvider {
  const dev = devGoogle(truth)
  const call = providerCall({ fetch: network({ [ORIGIN]: dev.fetch }) })
  const refusal = (error: string, status: number) => Response.json({ error }, { status })
  return {
    provider: google({ ...CREDENTIALS, issuer: ORIGIN, allow: { hostedDomains: ['acme.test'] } }),
    call,
    endpoints: {
      token: `${ORIGIN}/token`,
      userinfo: `${ORIGIN}/v1/userinfo`,
      revocation: `${ORIGIN}/revoke`,
    },
    async signIn(person) {
      const { claims, ...answer } = dev.issue(PEOPLE[person], { origin: ORIGIN })
      return { tokens: tokensOf(answer), claims }
    },
    works: async ({ access_token }) => dev.works(access_token),
    async refresh({ refresh_token = '' }) {
      const credentials = { client_id: 'dev-client', client_secret: 'dev-secret' }
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, ...credentials })
      const response = await call(`${ORIGIN}/token`, { method: 'POST', body })
      return response.ok ? tokensOf({ refresh_token, ...(await response.json()) }) : undefined
    },
    answers: async () => [
      {
        what: 'a deleted client',
        leg: 'code',
        response: refusal('deleted_client', 401),
        becomes: { error: 'invalid_client' },
      },
      {
        what: 'too many requests',
        leg: 'refresh',
        response: refusal('rate_limit_exceeded', 403),
        becomes: { error: 'temporarily_unavailable' },
      },
    ],
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): UpstreamTokens {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer', scopes: ['openid'] }
}

describe('the provider contract', () => {
  for (const c of providerContract({ without: ['calls'] })) it(c.name, () => c.run(() => opened()))
})

describe('the provider contract, where userinfo has to be asked', () => {
  for (const c of providerContract()) it(c.name, () => c.run(() => opened({ idTokenClaims: false })))
})
