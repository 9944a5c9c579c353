import { describe, expect, it } from 'vitest'
import { day } from './soak/day/day.ts'
import { mistakes } from './soak/day/mistakes.ts'
import { printed } from './soak/ledger.ts'

/** Milliseconds, on a machine that is busy with other things. */
const timeout = 120_000

// Longer: `pnpm -F e2e day --days 8 --steps 2000`.
describe('one person with accounts at Google, Entra, WorkOS and GitHub', () => {
  const lives = {
    'a day': { options: { days: 1, steps: 40, seed: 1 }, rows: [] },
    'eight days in which providers are down for hours': {
      options: { days: 8, steps: 60, seed: 2, outage: 5 },
      rows: ['sessions that ended with that', 'tool calls answered with a later'],
    },
  } as const
  for (const [name, { options, rows }] of Object.entries(lives)) {
    it(`through ${name}, nobody is logged out, and nothing is ended that another grant stands on`, {
      timeout,
    }, async () => {
      const report = await day(options)
      console.log(printed(report))
      expect(report.violations).toEqual([])
      // All of it took place.
      for (const row of [
        'step-ups',
        'parallel refreshes of one token',
        'answers lost on their way',
        'upstream refreshes',
        'identity checks',
        'sign-outs',
        'revocations at a provider',
        'last sign-outs of an account',
        'accesses ended in account settings',
        'outages of a provider',
        'slow answers of a provider',
        'faults of the store',
        'instances replaced',
        ...rows,
      ] as const) {
        expect(report.counts[row], row).toBeGreaterThan(0)
      }
    })
  }
})

describe('the ledger finds a server that', () => {
  for (const [name, { plant, found, days, steps = 100, seed = 3 }] of Object.entries(mistakes)) {
    it(name, { timeout }, async () => {
      const report = await day({ days, steps, seed, outage: 5, mistake: plant, untilFound: true })
      expect(report.violations.join('\n')).toMatch(found)
    })
  }
})
