import { writeFileSync } from 'node:fs'
import type { Plan } from './arguments.ts'
import { conditions } from './conditions.ts'
import { type Runner, runnerOf } from './measure.ts'
import { type Running, startServer } from './processes.ts'
import { stubProvider } from './stub-provider.ts'
import { bareOf, type Flow, isPaired, type Subject } from './subjects.ts'
import { driverLimits, flowTable, type Measurement, noise, pairTable } from './table.ts'

interface Case {
  subject: Subject
  flow: Flow
  run: Runner
}

/**
 * Measures all of a plan: every case once unmeasured, then the rounds, in each of which every case has its turn. So what
 * the machine does meanwhile meets all of them.
 *
 * @returns the tables and the conditions, in Markdown
 */
export async function measureAll(plan: Plan, say: (text: string) => void): Promise<string> {
  const upstream = await stubProvider()
  const started = new Map<string, Running>()
  const left: string[] = []
  try {
    const cases: Case[] = []
    const pairs = new Map<string, readonly [Subject, Subject]>()
    const add = async (subject: Subject, flow: Flow, gated: boolean) => {
      const responses = flow === 'json' ? 'json' : 'sse'
      const key = `${subject.id} ${responses}`
      const told = { upstream: upstream.origin, responses }
      const running = started.get(key) ?? (await startServer(subject, told))
      started.set(key, running)
      try {
        const run = await runnerOf(flow, running, upstream, plan.concurrency, gated)
        cases.push({ subject, flow, run })
      } catch (error) {
        throw new Error(`${subject.title}, ${flow}`, { cause: error })
      }
    }
    for (const subject of plan.subjects) {
      if (subject.needs && !process.env[subject.needs]) {
        left.push(`${subject.title}: set ${subject.needs}`)
        continue
      }
      for (const flow of plan.flows.filter((each) => subject.flows.includes(each))) {
        say(`starting: ${subject.title}, ${flow}`)
        await add(subject, flow, true)
        if (!isPaired(flow)) continue
        const bare = bareOf(subject)
        pairs.set(subject.id, [subject, bare])
        await add(bare, flow, false)
      }
    }
    const measured = await rounds(cases, plan, say)
    const text = [
      flowTable(
        plan.subjects,
        plan.flows.filter((flow) => !isPaired(flow)),
        measured,
      ),
      pairTable([...pairs.values()], plan.flows, measured),
      ...(left.length > 0 ? [`Left out: ${left.join('; ')}.`] : []),
      ...driverLimits(measured),
      conditions(plan, noise(measured)),
    ]
    if (plan.json) writeFileSync(plan.json, `${JSON.stringify(measured, undefined, 1)}\n`)
    return text.filter(Boolean).join('\n\n')
  } finally {
    for (const running of started.values()) running.stop()
    upstream.close()
  }
}

async function rounds(
  cases: readonly Case[],
  plan: Plan,
  say: (text: string) => void,
): Promise<Measurement[]> {
  const measured: Measurement[] = []
  for (let round = 0; round <= plan.rounds; round++) {
    say(round === 0 ? 'warming up' : `round ${round} of ${plan.rounds}`)
    for (const flow of plan.flows) {
      for (const each of cases.filter((one) => one.flow === flow)) {
        const { count, elapsedMs, serverMs, driverMs } = await each.run(plan.seconds * 1000)
        if (round === 0) continue
        const perSecond = (count / elapsedMs) * 1000
        measured.push({
          id: each.subject.id,
          flow,
          perSecond,
          serverMs: serverMs / count,
          serverShare: serverMs / elapsedMs,
          driverShare: driverMs / elapsedMs,
        })
      }
    }
  }
  return measured
}
