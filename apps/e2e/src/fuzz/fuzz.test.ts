import { expect, it } from 'vitest'
import { campaign, printedReport } from './campaign.fixture.ts'

// Longer: `pnpm -F e2e fuzz --minutes 60`.
it.each([
  ['when all is well', { seed: 20260728, runs: 160, attacks: 6 }],
  ['while the store and the providers fail', { seed: 20260729, runs: 90, attacks: 6, outages: true }],
])('no request does what it may not, %s', { timeout: 120_000 }, async (_, options) => {
  // A slow machine makes fewer runs.
  const report = await campaign({ ...options, seconds: 14 })
  console.log(printedReport(report))
  expect(report.found && printedReport(report)).toBeUndefined()
  expect(report.counts['pages that show markup as text']).toBeGreaterThan(0)
  for (const path of [
    '/register',
    '/authorize',
    '/consent',
    '/callback/github',
    '/callback/apple',
    '/sign-in/acme',
    '/token',
    '/revoke',
    '/mcp',
  ]) {
    const answers = Object.keys(report.counts).filter((what) => what.split(' ')[1] === path)
    expect(answers.length, `answers of ${path}`).toBeGreaterThan(2)
  }
})
