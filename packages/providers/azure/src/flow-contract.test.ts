import {
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { ACME, CREDENTIALS, entra } from './entra.fixture.ts'
import { azure } from './index.ts'

function open(clock: FakeClock, options: FlowOptions): ProviderFlow {
  const { dev, hosts } = entra({ clock, refreshIdToken: undefined })
  const provider = azure({
    ...CREDENTIALS,
    ...options,
    tenant: 'organizations',
    allow: { tenants: [ACME], membersOnly: true },
    scopes: ['files.read'],
  })
  return {
    provider: { ...provider, scopes: { ...provider.scopes, supported: ['files.write'] } },
    network: hosts,
    people: { member: 'ada', other: 'grace', refused: 'kim', foreign: 'max' },
    scopes: { first: 'files.read', second: 'files.write' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.sub === person) user.acct = 1
    },
  }
}

describe('the flow contract, with members only', () => {
  for (const c of providerFlowContract({ without: ['revoke'] })) it(c.name, () => c.run(open))
})
