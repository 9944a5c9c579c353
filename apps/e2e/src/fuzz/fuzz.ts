import { parseArgs } from 'node:util'
import { campaign, printedReport } from './campaign.fixture.ts'
import { execute } from './execute.fixture.ts'
import type { Run } from './plan.fixture.ts'
import { providerIds, subject } from './subject.fixture.ts'

/** `pnpm -F e2e fuzz --minutes 60 --seed 7`, and `--replay` with the run that a failure printed. */
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    replay: { type: 'string' },
  },
})

if (values.replay !== undefined) {
  const violation = await execute(JSON.parse(values.replay) as Run, subject(providerIds))
  console.log(
    violation
      ? [violation.what, violation.request, violation.answer, ...violation.history].join('\n\n')
      : 'nothing happened that must not',
  )
  process.exitCode = violation ? 1 : 0
} else {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  const seconds = Number(values.minutes) * 60
  if (!(seconds > 0) || !Number.isSafeInteger(seed)) throw new Error('--minutes and --seed are numbers')
  console.log(`seed ${seed}, ${values.minutes} minutes`)
  // Half of the time all is well, and half of the time the store and the providers fail.
  for (const outages of [false, true]) {
    const report = await campaign({ seed, seconds: seconds / 2, attacks: 12, outages })
    console.log(printedReport(report))
    if (report.found) process.exitCode = 1
  }
}
