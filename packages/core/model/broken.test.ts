import { expect, it, vi } from 'vitest'
import { type Parts, variants } from './broken.fixture.ts'
import { explore } from './explore.fixture.ts'
import { prepare } from './preparation.fixture.ts'
import { modelRandom } from './random.fixture.ts'
import { scenarios } from './scenarios.fixture.ts'
import { simulate } from './simulation.fixture.ts'
import { begin } from './world.fixture.ts'

/** The model would notice: for each part that may be got wrong, a scenario in which it is. */

const { parts, withParts } = vi.hoisted(() => {
  const parts: Record<string, unknown> = {}
  /** The module, with whatever is in `parts` when it is called. */
  function withParts<T extends object>(module: T): T {
    const wrapped = Object.entries(module).map(([name, real]) => [
      name,
      typeof real === 'function'
        ? (...given: unknown[]) => ((parts[name] as typeof real) ?? real)(...given)
        : real,
    ])
    return Object.fromEntries(wrapped)
  }
  return { parts, withParts }
})
vi.mock('../src/engine/refresh-history.ts', async (original) => withParts(await original<object>()))
vi.mock('../src/engine/refresh-secret.ts', async (original) => withParts(await original<object>()))
vi.mock('../src/engine/doubt.ts', async (original) => withParts(await original<object>()))

async function withBroken<T>(broken: Parts, run: () => Promise<T>): Promise<T> {
  Object.assign(parts, broken)
  try {
    return await run()
  } finally {
    for (const name of Object.keys(parts)) delete parts[name]
  }
}

it.each(variants)('%s', async (_, where, { parts: broken = {}, ...others }, expected) => {
  const { violation } = await withBroken(broken, async () => {
    const prepared = await prepare(scenarios[where], others, modelRandom())
    return explore(() => begin(prepared), 30_000)
  })
  expect(violation?.what).toMatch(expected)
  expect(violation?.choices.length).toBeGreaterThan(1)
})

/** Those that take many rotations, or a long time: whoever simulates sees them without being told where to look. */
it.each(
  variants.filter(([what]) =>
    [
      'the times of eight rotations, and what is older looks recent',
      'a streak that begins anew with each late answer',
      'a token ahead of the record is a second holder',
      'a doubt that never ends',
    ].includes(what),
  ),
)(
  '%s, in the simulation',
  async (_, __, { parts: broken = {} }) => {
    const { violation } = await withBroken(broken, () => simulate({ steps: 20_000, seed: 20_261 }))
    expect(violation).toBeDefined()
  },
  60_000,
)
