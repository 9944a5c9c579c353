import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Plan } from './arguments.ts'

/** Where, with what and how the numbers came to be, in Markdown; and a warning where the machine was busy before. */
export function conditions(plan: Plan, spread: number): string {
  const processors = cpus()
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0)
  const versions = plan.subjects.flatMap((subject) =>
    subject.package ? [`${subject.package} ${installedVersion(subject.package)}`] : [],
  )
  const frameworks = ['hono', '@hono/node-server', 'express', 'fastify', '@modelcontextprotocol/sdk'].map(
    (name) => `${name} ${installedVersion(name)}`,
  )
  return [
    `- ${new Date().toISOString().slice(0, 10)}, Node ${process.version} on ${process.platform} ${process.arch}, ` +
      `${processors.length} x ${processors[0]?.model.trim() || 'unknown processor'}, ${gigabytes} GiB.`,
    `- Medians of ${plan.rounds} interleaved rounds of ${plan.seconds} s, after one that is not counted; ` +
      `${plan.concurrency} at a time. Rounds are at most ${(spread * 100).toFixed(0)} % from their median.`,
    '- `x2.00`: Drawbridge on Hono does twice as many. In brackets: processor time of the server for one.',
    `- ${[...new Set([...versions, ...frameworks])].join(', ')}.`,
    ...busy(processors.length),
  ].join('\n')
}

/** Load of the minute before, which is mostly our own after a while: it is asked for once, at the start. */
const loadAtStart = loadavg()[0] ?? 0

function busy(processors: number): string[] {
  if (loadAtStart < processors * 0.1) return []
  return [`- **Busy machine (load ${loadAtStart.toFixed(1)} before the first round): not to be quoted.**`]
}

function installedVersion(name: string): string {
  const manifest = join(import.meta.dirname, 'node_modules', name, 'package.json')
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}
