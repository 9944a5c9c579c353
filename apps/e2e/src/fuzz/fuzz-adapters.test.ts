import { afterAll, describe, expect, it } from 'vitest'
import { applications } from './applications.fixture.ts'
import { behind } from './behind.fixture.ts'
import { campaign, printedReport } from './campaign.fixture.ts'

describe.each(Object.entries(applications))('through %s', (name, application) => {
  const app = behind(application)
  afterAll(async () => (await app).close())

  it('no request does what it may not', { timeout: 60_000 }, async () => {
    const { open } = await app
    const seed = 20260730 + Object.keys(applications).indexOf(name)
    const report = await campaign({ seed, runs: 3, seconds: 20, attacks: 8, open })
    expect(report.found && printedReport(report)).toBeUndefined()
    expect(report.requests).toBeGreaterThan(10)
  })
})
