import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { hmac, importHmacKey, sha256 } from '../crypto/hash.ts'
import { keyRing } from '../crypto/key-ring.ts'
import { sealer } from '../crypto/sealing.ts'
import type { Records } from '../records/records.ts'
import { modelCrypto } from './model/crypto.fixture.ts'
import { type Exploration, explore } from './model/explore.fixture.ts'
import type { Broken } from './model/instance.fixture.ts'
import { type Prepared, prepare } from './model/preparation.fixture.ts'
import type { Scenario } from './model/scenario.fixture.ts'
import { scenarios } from './model/scenarios.fixture.ts'
import { begin } from './model/world.fixture.ts'

/**
 * The real grants and records over a store, a clock and a network whose every move is chosen: all orders of all moves
 * are made, within each scenario's bounds. `DRAWBRIDGE_MODEL_FAULTS=1` adds a fault to each, and takes far longer.
 */
const moreFaults = Number(process.env.DRAWBRIDGE_MODEL_FAULTS ?? 0)
const bounds = moreFaults > 0 ? { runs: Infinity, time: 24 * 3_600_000 } : { runs: 30_000, time: 180_000 }

const realCrypto = crypto
const model = modelCrypto()
const explored: Record<string, Exploration> = {}

beforeAll(() => {
  vi.stubGlobal('crypto', model.crypto)
})
afterAll(() => {
  vi.unstubAllGlobals()
  console.table(explored, ['interleavings', 'states', 'runs'])
})

async function check(scenario: Scenario, broken: Broken = {}): Promise<Exploration & Pick<Prepared, 'seen'>> {
  const prepared = await prepare(scenario, broken, model)
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

describe('the same checks notice', () => {
  const believingDeletes = (real: Records): Records => ({
    ...real,
    delete: (key, ifVersion) => real.delete(key, ifVersion).catch(() => true),
  })
  const believingWrites = (real: Records): Records => ({
    ...real,
    put: (key, value, options) => real.put(key, value, options).catch(() => 'a version'),
  })
  const ownSuccessors: Broken['ring'] = (real, instance) => ({
    ...real,
    derive: (id, use) => real.derive(id, use === 'refresh' ? `${use} ${instance}` : use),
  })
  const withoutReading = (real: Records): Records => {
    const read = new Map<string, Promise<unknown>>()
    return {
      ...real,
      get<T>(key: string) {
        const known = read.get(key) ?? real.get<T>(key)
        read.set(key, known)
        return known as ReturnType<typeof real.get<T>>
      },
    }
  }

  it.each<[what: string, where: keyof typeof scenarios, broken: Broken, violation: RegExp]>([
    [
      'a store that writes without looking: what was revoked comes back',
      'a refresh while the refresh token is revoked',
      { unconditionalWrites: true },
      /answered tokens 1 instead of refused|answered active|in the end tokens are/,
    ],
    [
      'a store that writes without looking: two rotations of one token',
      'two refreshes at once',
      { unconditionalWrites: true },
      /reported twice/,
    ],
    [
      'no window',
      'three refreshes at once while time passes, and clocks differ',
      { lifetimes: { refreshWindow: 0, lostResponse: 0 } },
      /was refused instead of tokens 1/,
    ],
    [
      'no allowance for lost answers',
      'a client that loses answers for most of an hour',
      { lifetimes: { lostResponse: 0 } },
      /was refused instead of tokens 1/,
    ],
    [
      'a window that is too short for clocks that differ',
      'two clients with one file while time passes, and clocks differ',
      { lifetimes: { refreshWindow: 90 } },
      /ended the grant without a reason/,
    ],
    [
      'a window in which thieves are never noticed',
      'a thief with a copied token',
      { lifetimes: { refreshWindow: 86_400 } },
      /thief, refresh 1 was answered tokens 2 instead of ended/,
    ],
    [
      'a delete without a reply that is taken for done',
      'a refresh while the refresh token is revoked',
      { records: believingDeletes },
      /answered 200, and the grant is still there/,
    ],
    [
      'a write without a reply that is taken for done',
      'two refreshes at once',
      { records: believingWrites },
      /was answered tokens . instead of nothing/,
    ],
    [
      'a replayed code that ends nothing',
      'a code presented again at any time',
      { records: (real) => ({ ...real, delete: async () => true }) },
      /showed two holders, and the grant goes on/,
    ],
    [
      'grants read once and then from memory',
      'a refresh while the access token is revoked',
      { records: withoutReading },
      /answered active instead of inactive|answered 503 for nothing/,
    ],
    [
      'successors that only their maker can derive',
      'two refreshes at once',
      { ring: ownSuccessors },
      /was refused instead of tokens 1/,
    ],
  ])('%s', async (_, where, broken, expected) => {
    const { violation } = await check(scenarios[where], broken)
    expect(violation?.what).toMatch(expected)
    expect(violation?.choices.length).toBeGreaterThan(2)
  })
})

describe('the cryptography of the model', () => {
  afterEach(() => {
    vi.stubGlobal('crypto', model.crypto)
  })

  it('is that of the platform', async () => {
    const secret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
    const results = async () => {
      const ring = keyRing(secret)
      const material = await ring.derive(await ring.currentId(), 'refresh')
      if (!material) throw new Error('no material')
      return [await sha256('text'), await hmac(await importHmacKey(material), 'text'), [...material]]
    }
    const ofModel = await results()
    const sealed = await sealer(keyRing(secret)).seal('kind/id', 'text')
    vi.stubGlobal('crypto', realCrypto)
    expect(await results()).toEqual(ofModel)
    expect(await sealer(keyRing(secret)).open('kind/id', sealed)).toBe('text')
  })
})
