import { parseArgs } from 'node:util'
import { simulate } from './simulation.fixture.ts'

/** `pnpm -F @drawbridge/core simulate --steps 1000000 --seed 1` */
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: { steps: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const steps = Number(values.steps)
const seed = Number(values.seed)
const began = performance.now()
const { violation, kinds, seen, ...counts } = await simulate({ steps, seed })
const seconds = Math.round((performance.now() - began) / 1000)
const byName = (counted: Record<string, number>) =>
  Object.entries(counted)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, times]) => `  ${String(times).padStart(9)}  ${what}`)
    .join('\n')
console.log(`seed ${seed}: ${counts.steps} requests in the lives of ${counts.lives} grants, ${seconds} s`)
console.log(`lives, by who had tokens beside the client\n${byName(kinds)}`)
console.log(`answers and events\n${byName(seen)}`)
if (violation) {
  console.error(
    `must not happen, and did: ${violation.what} (a life with ${violation.kind}, seed ${violation.seed})`,
  )
  console.error(violation.history.join('\n'))
  process.exitCode = 1
} else console.log('nothing happened that must not')
