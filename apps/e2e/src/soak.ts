/** `pnpm -F e2e soak -- --minutes 30 --store redis`: the soak for as long as one likes. Prints what it counted. */
import { parseArgs } from 'node:util'
import { printed, soak } from './soak/soak.ts'

const stores = ['sqlite', 'redis', 'postgres'] as const
const { values } = parseArgs({
  // pnpm passes its own "--" on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    minutes: { type: 'string', default: '5' },
    store: { type: 'string', default: 'sqlite' },
    users: { type: 'string', default: '30' },
    processes: { type: 'string', default: '3' },
    seed: { type: 'string' },
  },
})
const store = stores.find((kind) => kind === values.store)
if (!store) throw new Error(`--store: "${values.store}" is none of ${stores.join(', ')}`)

const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())

const report = await soak({
  store,
  seconds: number('minutes', values.minutes) * 60,
  users: number('users', values.users),
  processes: number('processes', values.processes),
  seed: values.seed === undefined ? undefined : number('seed', values.seed),
  signal: interrupted.signal,
  onProgress: console.log,
})
console.log(printed(report))
process.exit(report.violations.length === 0 ? 0 : 1)

function number(option: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`--${option}: "${text}" is not a number`)
  return value
}
