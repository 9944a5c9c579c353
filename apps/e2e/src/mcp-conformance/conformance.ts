import { frameworks } from '../frameworks.ts'
import { referee } from './referee.ts'
import { listed, runs, scenariosOf } from './runs.ts'
import { bare, behindDrawbridge } from './under-test.ts'

/**
 * All scenarios, for both lines of the SDK, on all frameworks and on none: `pnpm -F e2e conformance`, or with the names of
 * frameworks. `bare` is the SDK alone.
 */
const chosen = process.argv.slice(2)
const places = chosen.length > 0 ? chosen : ['bare', ...Object.keys(frameworks)]
let surprises = 0
for (const place of places) {
  for (const run of runs) {
    const server = place === 'bare' ? await bare(run.line) : await behindDrawbridge(run.line, place)
    const { scenarios, failed, warned } = await referee(server.url, run.revision)
    await server.close()
    const known = listed(run)
    const unknown = [...failed].filter(([check]) => !known.includes(check.split(' / ')[0] ?? ''))
    const mended = known.filter((scenario) => !scenariosOf(failed).includes(scenario))
    console.log(`${place}, SDK ${run.line}, ${run.revision}: ${scenarios.length} scenarios`)
    for (const [check, why] of unknown) console.log(`  FAILED ${check}: ${why}`)
    for (const [check, why] of warned) console.log(`  warned ${check}: ${why}`)
    for (const scenario of mended) console.log(`  PASSES NOW ${scenario}: take it off the list`)
    // What the SDK alone fails, and does not fail here, is no surprise.
    if (place !== 'bare') surprises += unknown.length + mended.length
  }
}
process.exitCode = surprises === 0 ? 0 : 1
