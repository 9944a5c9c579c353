import {
  devWorkOS,
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { workos } from './index.ts'
import { ACME, ADA, CREDENTIALS, EVE, GRACE, ISSUER, MAX, OTHER } from './workos.fixture.ts'

function open(clock: FakeClock, options: FlowOptions): ProviderFlow {
  const dev = devWorkOS({ clock })
  return {
    provider: workos({ ...CREDENTIALS, ...options, domain: ISSUER, allow: { organizations: [ACME] } }),
    network: { [ISSUER]: dev.fetch },
    people: { member: ADA, other: GRACE, refused: EVE, foreign: MAX },
    scopes: { first: 'files:read', second: 'calendar:read' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.sub === person) user.org_id = OTHER
    },
  }
}

describe('the flow contract', () => {
  for (const c of providerFlowContract({ without: ['revoke'] })) it(c.name, () => c.run(open))
})
