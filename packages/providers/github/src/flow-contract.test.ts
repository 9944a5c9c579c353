import {
  devGitHub,
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { APPS, CREDENTIALS, USERS } from './github.fixture.ts'
import { github } from './index.ts'

const GITHUB = 'https://github.test'
const MODERN = { clientId: 'modern', clientSecret: 'modern-secret' }

function open(clock: FakeClock, options: FlowOptions, credentials = CREDENTIALS): ProviderFlow {
  const dev = devGitHub({ clock, apps: APPS, users: USERS })
  return {
    provider: github({ ...credentials, ...options, host: GITHUB, allow: { organizations: ['acme'] } }),
    network: { [GITHUB]: dev.fetch },
    people: { member: 'octocat', other: 'monalisa', refused: 'hubot', foreign: 'hubot' },
    scopes: { first: 'gist', second: 'repo' },
    async works(token) {
      const headers = { authorization: `Bearer ${token}`, 'user-agent': 'tool' }
      return (await dev.fetch(new Request(`${GITHUB}/api/v3/user`, { headers }))).ok
    },
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.login === person) user.organizations = {}
    },
  }
}

describe('the flow contract, for an OAuth app', () => {
  for (const c of providerFlowContract({ without: ['id_token', 'refresh'] })) it(c.name, () => c.run(open))
})

describe('the flow contract, for a GitHub App', () => {
  const cases = providerFlowContract({ without: ['id_token'] })
  for (const c of cases) it(c.name, () => c.run((clock, options) => open(clock, options, MODERN)))
})
