import { parseArgs } from 'node:util'
import { type Flow, flows, type Subject, subjects } from './subjects.ts'

/** What to measure, and how long. */
export interface Plan {
  flows: readonly Flow[]
  subjects: readonly Subject[]
  /** How often each is measured, one after the other. The median counts. */
  rounds: number
  /** How long each is measured in one round, and once before the first, unmeasured. */
  seconds: number
  /** Requests, or logins, under way at the same time. */
  concurrency: number
  /** Where all numbers go, as JSON. */
  json?: string | undefined
}

export const usage = `npm run bench -- [options]

  --flow <name>         only this one; may be repeated: ${Object.keys(flows).join(', ')}
  --against <name>      Drawbridge on Hono and this one; may be repeated: ${subjects.map(({ id }) => id).join(', ')}
  --rounds <number>     default 5
  --seconds <number>    for each server and flow in each round, default 5
  --concurrency <n>     default 8
  --json <file>         write every number there, too
  --help`

/**
 * Reads the command line.
 *
 * @param args without Node and the script
 * @returns `undefined` where only help was asked for
 * @throws Error that says what was wrong and what there is
 * @example
 * planOf(['--flow', 'refresh', '--against', 'fastmcp', '--rounds', '3'])
 */
export function planOf(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      flow: { type: 'string', multiple: true },
      against: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      concurrency: { type: 'string', default: '8' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  const chosen = values.flow?.map((name) => known('--flow', name, Object.keys(flows) as Flow[]))
  const against = values.against?.map((name) =>
    known(
      '--against',
      name,
      subjects.map(({ id }) => id),
    ),
  )
  return {
    flows: chosen ?? (Object.keys(flows) as Flow[]),
    subjects: subjects.filter(({ id }, index) => !against || index === 0 || against.includes(id)),
    rounds: wholeNumber('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    concurrency: wholeNumber('--concurrency', values.concurrency),
    json: values.json,
  }
}

function known<Name extends string>(option: string, name: string, names: readonly Name[]): Name {
  const found = names.find((each) => each === name)
  if (found === undefined) throw new Error(`${option} ${name}: there are ${names.join(', ')}`)
  return found
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new Error(`${option} ${text}: a number above 0`)
  return value
}

function wholeNumber(option: string, text: string): number {
  const value = positive(option, text)
  if (!Number.isInteger(value)) throw new Error(`${option} ${text}: a whole number above 0`)
  return value
}
