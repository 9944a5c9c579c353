/** `pnpm -F e2e day --days 8 --seed 1 --steps 2000`: days of one person at all providers, as long as one likes. */
import { parseArgs } from 'node:util'
import { day } from './soak/day/day.ts'
import { printed } from './soak/ledger.ts'

const stores = ['memory', 'sqlite', 'redis', 'postgres'] as const
const { values } = parseArgs({
  // pnpm passes its own "--" on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    days: { type: 'string', default: '1' },
    steps: { type: 'string' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'memory' },
    outage: { type: 'string', default: '5' },
  },
})
const store = stores.find((kind) => kind === values.store)
if (!store) throw new Error(`--store: "${values.store}" is none of ${stores.join(', ')}`)

const report = await day({
  store,
  days: number('days', values.days),
  steps: values.steps === undefined ? undefined : number('steps', values.steps),
  seed: values.seed === undefined ? undefined : number('seed', values.seed),
  outage: number('outage', values.outage),
  onProgress: console.log,
})
console.log(printed(report))
process.exit(report.violations.length === 0 ? 0 : 1)

function number(option: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`--${option}: "${text}" is not a number`)
  return value
}
