import {
  devOidc,
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { oidc } from './index.ts'
import { CREDENTIALS, ORIGIN, USERS } from './oidc.fixture.ts'

function open(clock: FakeClock, options: FlowOptions): ProviderFlow {
  const dev = devOidc({ clock, users: USERS })
  return {
    provider: oidc({ ...CREDENTIALS, ...options, issuer: ORIGIN, allow: { emailDomains: ['acme.test'] } }),
    network: { [ORIGIN]: dev.fetch },
    people: { member: 'ada', other: 'grace', refused: 'mallory' },
    scopes: { first: 'files', second: 'calendar' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.sub === person) user.email_verified = false
    },
  }
}

describe('the flow contract', () => {
  for (const c of providerFlowContract({ without: ['tenant'] })) it(c.name, () => c.run(open))
})
