import {
  devGoogle,
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { CREDENTIALS, ORIGIN } from './google.fixture.ts'
import { google } from './index.ts'

function open(clock: FakeClock, options: FlowOptions): ProviderFlow {
  const dev = devGoogle({ clock })
  return {
    provider: google({ ...CREDENTIALS, ...options, issuer: ORIGIN, allow: { hostedDomains: ['acme.test'] } }),
    network: { [ORIGIN]: dev.fetch },
    people: { member: '1001', other: '1002', refused: '1003', foreign: '1005' },
    scopes: { first: 'calendar.readonly', second: 'drive.file' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      for (const user of dev.users) if (user.sub === person) user.hd = 'other.test'
    },
  }
}

describe('the flow contract', () => {
  for (const c of providerFlowContract()) it(c.name, () => c.run(open))
})
