import { expect, it } from 'vitest'
import { campaign, printedReport } from './campaign.fixture.ts'

// Longer: `pnpm -F e2e fuzz --minutes 60`.
it.each([
  ['when all is well', { seed: 20260728, runs: 180, attacks: 6 }],
  ['while the store and the providers fail', { seed: 20260729, runs: 90, attacks: 6, outages: true }],
])('no request does what it may not, %s', { timeout: 120_000 }, async (_, options) => {
  // A slow machine makes fewer runs.
  const report = await campaign({ ...options, seconds: 12 })
  console.log(printedReport(report))
  expect(report.found && printedReport(report)).toBeUndefined()
  expect(report.counts['pages that show markup as text']).toBeGreaterThan(0)
  const met = (what: RegExp) => Object.keys(report.counts).filter((one) => what.test(one))
  for (const what of [
    'limits',
    'few may register',
    'scopes that imply others',
    'remembered consent',
    'document',
    'private_key_jwt',
  ]) {
    expect(met(new RegExp(`plans: .*${what}`)).length, what).toBeGreaterThan(1)
  }
  expect(met(/^prompts: /).length, 'prompts').toBeGreaterThan(3)
  expect(met(/^two Authorization headers: /).length, 'two Authorization headers').toBeGreaterThan(2)
  expect(met(/ 429$/).length, '429').toBeGreaterThan(1)
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
