import { type FakeClock, type ProviderFlow, providerFlowContract } from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { ACME, CREDENTIALS, pretendEntra } from './entra.fixture.ts'
import { azure } from './index.ts'

function open(clock: FakeClock): ProviderFlow {
  const { dev, hosts } = pretendEntra({ clock, refreshIdToken: undefined })
  const provider = azure({
    ...CREDENTIALS,
    tenant: 'organizations',
    allow: { tenants: [ACME], membersOnly: true },
    scopes: ['files.read'],
  })
  return {
    provider: { ...provider, scopes: { ...provider.scopes, supported: ['files.write'] } },
    network: hosts,
    people: { member: 'ada', other: 'grace', refused: 'guest', foreign: 'eve' },
    scopes: { first: 'files.read', second: 'files.write' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.sub === person) user.acct = 1
    },
  }
}

describe('the flow contract', () => {
  for (const c of providerFlowContract({ without: ['revoke'] })) it(c.name, () => c.run(open))
})
