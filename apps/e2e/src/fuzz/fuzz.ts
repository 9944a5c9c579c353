import { parseArgs } from 'node:util'
import { applications } from './applications.fixture.ts'
import { behind } from './behind.fixture.ts'
import { type CampaignOptions, campaign, printedReport } from './campaign.fixture.ts'
import { execute } from './execute.fixture.ts'
import type { Run } from './plan.fixture.ts'
import { subject } from './subject.fixture.ts'

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
  const run = JSON.parse(values.replay) as Run
  const violation = await execute(run, subject(run.plan.setup))
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
  const report = async (what: string, options: Omit<CampaignOptions, 'seed'>) => {
    const made = await campaign({ seed, attacks: 12, ...options })
    console.log(`${what}\n${printedReport(made)}`)
    if (made.found) process.exitCode = 1
  }
  // A third of the time for each: all is well, the store and the providers fail, and there is an application around it.
  await report('when all is well', { seconds: seconds / 3 })
  await report('while the store and the providers fail', { seconds: seconds / 3, outages: true })
  const all = Object.entries(applications)
  for (const [name, application] of all) {
    const { open, close } = await behind(application)
    await report(`through ${name}`, { seconds: seconds / 3 / all.length, open })
    await close()
  }
}
