import { afterAll, describe, expect, it } from 'vitest'
import { type Exploration, explore } from './explore.fixture.ts'
import { type Prepared, prepare } from './preparation.fixture.ts'
import { modelRandom } from './random.fixture.ts'
import type { Scenario } from './scenario.fixture.ts'
import { scenarios } from './scenarios.fixture.ts'
import { begin } from './world.fixture.ts'

/**
 * The real grants and records over a store, a clock and a network whose every move is chosen: all orders of all moves
 * are made, within each scenario's bounds. `DRAWBRIDGE_MODEL_FAULTS=1` adds a fault to each, and takes far longer.
 */
const moreFaults = Number(process.env.DRAWBRIDGE_MODEL_FAULTS ?? 0)
const bounds = moreFaults > 0 ? { runs: Infinity, time: 24 * 3_600_000 } : { runs: 30_000, time: 180_000 }

const random = modelRandom()
const explored: Record<string, Exploration> = {}

afterAll(() => {
  console.table(explored, ['interleavings', 'states', 'runs'])
})

async function check(scenario: Scenario): Promise<Exploration & Pick<Prepared, 'seen'>> {
  const prepared = await prepare(scenario, {}, random)
  const exploration = await explore(() => begin(prepared), bounds.runs)
  return { ...exploration, seen: prepared.seen }
}

describe('no honest holder loses the session, and no revoked one regains it', () => {
  it.each(Object.entries<Scenario>(scenarios))(
    '%s',
    async (name, scenario) => {
      const faults = scenario.faults + moreFaults
      const { seen, ...exploration } = await check({ ...scenario, faults })
      explored[name] = exploration
      expect(exploration.violation).toBeUndefined()
      expect([...seen]).toEqual(expect.arrayContaining([...scenario.sees]))
    },
    bounds.time,
  )
})
