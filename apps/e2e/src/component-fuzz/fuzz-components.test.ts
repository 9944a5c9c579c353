import { expect, it } from 'vitest'
import { campaign, printedReport } from './campaign.fixture.ts'

// Longer: `pnpm -F e2e fuzz-components --minutes 60`.
it('no message reaches a component that its caller may not use, or shows it in a list that it must not be in', {
  timeout: 60_000,
}, async () => {
  // A slow machine sends fewer.
  const report = await campaign({ seed: 20_261_122, messages: 6000, seconds: 12 })
  console.log(printedReport(report))
  expect(report.found && printedReport(report)).toBeUndefined()
  // It was a test of something.
  const { counts } = report
  const all = (what: RegExp) =>
    Object.entries(counts).reduce((sum, [name, times]) => (what.test(name) ? sum + times : sum), 0)
  for (const what of [
    /^nobody used/,
    /^nobody was shown a list/,
    /^nobody: 401/,
    /^somebody used a tool/,
    /^somebody used a prompt/,
    /^somebody used a resource/,
    /^somebody used a template/,
    /^somebody asked about/,
    /^somebody was shown a list/,
    /^somebody: 403/,
    /^bad credentials: 401/,
  ]) {
    expect(all(what), String(what)).toBeGreaterThan(0)
  }
})
