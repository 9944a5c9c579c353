import { parseArgs } from 'node:util'
import { campaign, printedReport } from './campaign.fixture.ts'

/** `pnpm -F e2e fuzz-components --minutes 60 --seed 7`, and `--plan` with the number that a failure printed. */
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    plan: { type: 'string' },
  },
})

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const seconds = Number(values.minutes) * 60
const plan = values.plan === undefined ? undefined : Number(values.plan)
if (!(seconds > 0) || !Number.isSafeInteger(seed)) throw new Error('--minutes and --seed are numbers')
console.log(`seed ${seed}, ${values.minutes} minutes`)
const report = await campaign({ seed, seconds, plan })
console.log(printedReport(report))
if (report.found) process.exitCode = 1
