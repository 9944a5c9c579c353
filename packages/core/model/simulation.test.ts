import { expect, it } from 'vitest'
import { simulate } from './simulation.fixture.ts'

/** As much as a few seconds hold; `pnpm -F @drawbridge/core simulate` goes on for a million steps. */
it('nobody honest is refused, and no thief outruns what is promised, in 20,000 requests', async () => {
  const { violation, seen, steps } = await simulate({ steps: 20_000, seed: 20_261 })
  expect(violation).toBeUndefined()
  expect(steps).toBeGreaterThanOrEqual(20_000)
  // Lest the simulation shows less than it says.
  expect(Object.keys(seen)).toEqual(
    expect.arrayContaining([
      'refresh.rotated',
      'refresh.replayed',
      'refresh.lost_response',
      'refresh.adopted',
      'the store loses writes',
      'refresh.refused forged',
      'refresh.refused superseded',
      'refresh.refused streak',
      'refresh.refused reused',
      'grant.doubted superseded',
      'grant.doubted streak',
      'grant.ended refresh_reused',
      'grant.ended doubtful',
      'grant.ended revoked',
      'refresh: unavailable',
    ]),
  )
}, 120_000)
