import fc from 'fast-check'
import { type Counts, execute, type Violation } from './execute.fixture.ts'
import { type Run, type RunOptions, runs } from './plan.fixture.ts'
import type { SetupName } from './setups.fixture.ts'
import { type Subject, subject } from './subject.fixture.ts'

export interface Report {
  seed: number
  runs: number
  requests: number
  seconds: number
  /** Requests by method, path and status, and what else is worth counting. */
  counts: Counts
  /** The shortest that was found, and the run that led to it. */
  found?: { violation: Violation; run: Run; path: string } | undefined
}

export interface CampaignOptions extends Partial<RunOptions> {
  seed: number
  /** Whichever comes first; left out, no limit. */
  runs?: number | undefined
  seconds?: number | undefined
  /** Whether a shorter one is looked for. Default true. */
  shrink?: boolean | undefined
  /** A server for one run, and how to reach it. Default: one in this process. */
  open?: ((setup: SetupName) => Subject) | undefined
}

/** Makes runs until one goes wrong or the time is over, and looks for a shorter one that goes wrong. */
export async function campaign(options: CampaignOptions): Promise<Report> {
  const { seed, attacks = 6, outages = false, shrink = true, open = subject, plan } = options
  const began = performance.now()
  const counts: Counts = {}
  let made = 0
  let last: Violation | undefined
  const property = fc.asyncProperty(runs({ attacks, outages, plan }), async (run) => {
    if (last === undefined) made += 1
    const violation = await execute(run, open(run.plan.setup), last === undefined ? counts : {})
    if (!violation) return
    last = violation
    throw new Error(violation.what)
  })
  const details = await fc.check<[Run]>(property, {
    seed,
    numRuns: options.runs ?? Number.MAX_SAFE_INTEGER,
    ...(options.seconds !== undefined && { interruptAfterTimeLimit: options.seconds * 1000 }),
    markInterruptAsFailure: false,
    endOnFailure: !shrink,
  })
  const [first] = details.counterexample ?? []
  const run = first && shrink ? await shortened(first, open) : first
  const violation = run && ((shrink && (await execute(run, open(run.plan.setup)))) || last)
  return {
    seed,
    runs: made,
    requests: Object.entries(counts).reduce(
      (sum, [what, times]) => (/^[A-Z]/.test(what) ? sum + times : sum),
      0,
    ),
    seconds: Math.round((performance.now() - began) / 1000),
    counts,
    found: run && violation && { run, violation, path: details.counterexamplePath ?? '' },
  }
}

/** Without the attacks and edits that have no part in it: what shrinks lists keeps some of them. */
async function shortened(run: Run, open: (setup: SetupName) => Subject): Promise<Run> {
  const fewer = run.attacks.flatMap((attack, index) => [
    { ...run, attacks: run.attacks.toSpliced(index, 1) },
    ...attack.edits.map((_, at) => ({
      ...run,
      attacks: run.attacks.with(index, { ...attack, edits: attack.edits.toSpliced(at, 1) }),
    })),
  ])
  for (const one of fewer) if (await execute(one, open(one.plan.setup))) return shortened(one, open)
  return run
}

export function printedReport({ seed, runs, requests, seconds, counts, found }: Report): string {
  const lines = Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, times]) => `  ${String(times).padStart(9)}  ${what}`)
  const head = `seed ${seed}: ${requests} requests in ${runs} runs, ${seconds} s`
  if (!found) return [head, ...lines, 'nothing happened that must not'].join('\n')
  const { violation, run, path } = found
  return [
    head,
    ...lines,
    `must not happen, and did (seed ${seed}, path ${path}): ${violation.what}`,
    '',
    violation.request,
    '',
    violation.answer,
    '',
    ...violation.history,
    '',
    `again: pnpm -F e2e fuzz --replay '${JSON.stringify(run).replaceAll("'", "'\\''")}'`,
  ].join('\n')
}
