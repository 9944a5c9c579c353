import type { UpstreamTokens } from '@drawbridge/core/provider'
import {
  type DevOidcOptions,
  type DevOidcTokens,
  devWorkOS,
  network,
  type OpenedProvider,
  providerCall,
  providerContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { workos } from './index.ts'
import { ACME, ADA, CREDENTIALS, GRACE, ISSUER, MAX } from './workos.fixture.ts'

const PEOPLE = { member: ADA, other: GRACE, refused: MAX }

function opened(truth: DevOidcOptions = {}): OpenedProvider {
  const dev = devWorkOS(truth)
  const call = providerCall({ fetch: network({ [ISSUER]: dev.fetch }) })
  return {
    provider: workos({ ...CREDENTIALS, domain: ISSUER, allow: { organizations: [ACME] } }),
    call,
    endpoints: { token: `${ISSUER}/oauth2/token`, userinfo: `${ISSUER}/oauth2/userinfo` },
    async signIn(person) {
      const { claims, ...answer } = dev.issue(PEOPLE[person], { origin: ISSUER })
      return { tokens: tokensOf(answer), claims }
    },
    works: async ({ access_token }) => dev.works(access_token),
    async refresh({ refresh_token = '' }) {
      const credentials = { client_id: CREDENTIALS.clientId, client_secret: CREDENTIALS.clientSecret }
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, ...credentials })
      const response = await call(`${ISSUER}/oauth2/token`, { method: 'POST', body })
      return response.ok ? tokensOf({ refresh_token, ...(await response.json()) }) : undefined
    },
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): UpstreamTokens {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer', scopes: ['openid'] }
}

describe('the provider contract', () => {
  const cases = providerContract({ without: ['conform', 'calls', 'revoke'] })
  for (const c of cases) it(c.name, () => c.run(() => opened()))
})

describe('the provider contract, where userinfo has to be asked', () => {
  const cases = providerContract({ without: ['conform', 'revoke'] })
  for (const c of cases) it(c.name, () => c.run(() => opened({ idTokenClaims: false })))
})
