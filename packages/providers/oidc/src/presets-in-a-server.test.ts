import {
  type FakeClock,
  type FlowOptions,
  type ProviderFlow,
  providerFlowContract,
} from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { type StandIn, standIns, started } from './presets.fixture.ts'

function open(standIn: StandIn, clock: FakeClock, options: FlowOptions): ProviderFlow {
  const { dev, network } = started(standIn, { clock })
  return {
    provider: standIn.made(options),
    network,
    people: { member: 'ada', other: 'grace', refused: 'mallory', foreign: 'mallory' },
    scopes: { first: 'files', second: 'calendar' },
    works: dev.works,
    endAccess: dev.revokeUser,
    leave(person) {
      const user = dev.users.find(({ sub }) => sub === person)
      if (user) Object.assign(user, standIn.refused)
    },
  }
}

describe.each(standIns)('the flow contract: $name', (standIn) => {
  const hasTenants = 'org_id' in standIn.member
  const without = hasTenants ? [] : (['tenant'] as const)
  for (const c of providerFlowContract({ without }))
    it(c.name, () => c.run((clock, options) => open(standIn, clock, options)))
})
