import { describe, expect, it } from 'vitest'
import { printed, soak } from './soak/soak.ts'
import { skipWithout } from './test-stores.ts'

// Longer: `pnpm -F e2e soak -- --minutes 30 --store redis`.
describe.concurrent('while processes are killed, and store and provider fail in every way', () => {
  const stores = {
    sqlite: ['locked by another process'],
    redis: ['restarted', 'answers lost', 'unreachable', 'silent'],
    postgres: ['connections terminated', 'answers lost', 'unreachable', 'silent'],
  } as const
  for (const store of Object.keys(stores) as (keyof typeof stores)[]) {
    it(`on ${store}, nobody loses a session, and nothing revoked comes back`, { timeout: 300_000 }, async ({
      skip,
    }) => {
      if (await skipWithout(store)) skip()
      const report = await soak({ store, seconds: 15 })
      console.log(printed(report))
      expect(report.violations).toEqual([])
      expect(report.counts['sessions lost']).toBe(0)
      // All of it took place.
      for (const row of [
        'logins',
        'calls',
        'refreshes',
        'parallel refreshes of one token',
        'answers lost on their way',
        'replays of a replaced token',
        'revocations',
        'looks at revoked tokens',
        'kills',
        'faults of the store',
        'outages of the provider',
        'jumps of the clock',
        'secrets replaced',
        'records sealed anew',
        'signing keys rotated',
        'identity checks',
        'upstream refreshes',
      ] as const) {
        expect(report.counts[row], row).toBeGreaterThan(0)
      }
      for (const fault of stores[store]) expect(report.events).toHaveProperty([`store: ${fault}`])
    })
  }
})
