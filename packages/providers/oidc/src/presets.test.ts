import type { UpstreamTokens } from '@drawbridge/core/provider'
import {
  type DevOidcTokens,
  network,
  type OpenedProvider,
  type ProviderFeature,
  providerCall,
  providerContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { type StandIn, standIns, started } from './presets.fixture.ts'

const PEOPLE = { member: 'ada', other: 'grace', refused: 'mallory' }

async function opened(standIn: StandIn): Promise<OpenedProvider> {
  const { dev, network: hosts } = started(standIn)
  const call = providerCall({ fetch: network(hosts) })
  const url = new URL(standIn.issuer)
  const document = `${url.origin}${url.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`
  const published = await (await call(document)).json()
  const [token, userinfo, revocation] = ['token', 'userinfo', 'revocation'].map(
    (name) => published[`${name}_endpoint`],
  )
  return {
    provider: standIn.made(),
    call,
    endpoints: { token, userinfo, revocation },
    async signIn(person) {
      const { claims, ...answer } = dev.issue(PEOPLE[person], { origin: url.origin })
      return { tokens: tokensOf(answer), claims }
    },
    works: async ({ access_token }) => dev.works(access_token),
    async refresh({ refresh_token = '' }) {
      const credentials = { client_id: 'dev-client', client_secret: 'dev-secret' }
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, ...credentials })
      const response = await call(token, { method: 'POST', body })
      return response.ok ? tokensOf({ refresh_token, ...(await response.json()) }) : undefined
    },
  }
}

function tokensOf({ access_token, refresh_token }: Partial<DevOidcTokens>): UpstreamTokens {
  return { access_token: String(access_token), refresh_token, token_type: 'bearer', scopes: ['openid'] }
}

describe.each(standIns)('the provider contract: $name', (standIn) => {
  const asks = standIn.truth.idTokenClaims === false
  const without: ProviderFeature[] = ['conform', ...(asks ? [] : (['calls'] as const))]
  for (const c of providerContract({ without })) it(c.name, () => c.run(() => opened(standIn)))
})
