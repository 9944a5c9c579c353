import type { UpstreamTokens } from '@drawbridge/core/provider'
import {
  type DevOidcOptions,
  type DevOidcTokens,
  devOidc,
  network,
  type OpenedProvider,
  providerCall,
  providerContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { oidc } from './index.ts'
import { CREDENTIALS, ORIGIN, USERS } from './oidc.fixture.ts'

const PEOPLE = { member: 'ada', other: 'grace', refused: 'mallory' }

function opened(truth: DevOidcOptions = {}): OpenedProvider {
  const dev = devOidc({ users: USERS, ...truth })
  const call = providerCall({ fetch: network({ [ORIGIN]: dev.fetch }) })
  return {
    provider: oidc({ ...CREDENTIALS, issuer: ORIGIN, allow: { emailDomains: ['acme.test'] } }),
    call,
    endpoints: { token: `${ORIGIN}/token`, userinfo: `${ORIGIN}/userinfo`, revocation: `${ORIGIN}/revoke` },
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
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): UpstreamTokens {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer', scopes: ['openid'] }
}

describe('the provider contract', () => {
  const cases = providerContract({ without: ['conform', 'calls'] })
  for (const c of cases) it(c.name, () => c.run(() => opened()))
})

describe('the provider contract, where userinfo has to be asked', () => {
  const cases = providerContract({ without: ['conform'] })
  for (const c of cases) it(c.name, () => c.run(() => opened({ idTokenClaims: false })))
})
