#!/usr/bin/env node
import { run } from './cli/run.ts'

// Heard from the first moment on: whoever sees the page may press Ctrl+C at once.
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})

const outcome = await run(process.argv.slice(2), {
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
})
if (typeof outcome === 'number') process.exitCode = outcome
else {
  await stopped
  await outcome.close()
}
