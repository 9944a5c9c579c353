import type { Clock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import { type DrawbridgeEvent, type EventLog, harmless, withoutAddresses } from '../events.ts'
import { eventListener, tell } from '../listener.ts'
import { noteOf } from './event-notes.ts'

/** Where the lines for the operator go: a function that takes each, or `false` for nowhere. */
export type LogOption = false | ((line: string) => void)

/** Milliseconds over which lines are summed up. */
const period = 60_000
/** Of one kind and in one period: lines written in full, which differ, and references named when summed up. */
const linesOfAKind = 5
const referencesOfAKind = 50
/**
 * Kinds of one period. An event's type and reason make a kind, and with a client of the options one of its own, so that
 * strangers cannot add any.
 */
const kinds = 200
const longestLine = 1200
const longestValue = 200

/** What is shown of an event, in this order. Nobody's subject: it may be an address. */
const shown = [
  'reason',
  'option',
  'page',
  'provider',
  'operation',
  'kind',
  'key_id',
  'kid',
  'before',
  'outcome',
  'path',
  'resource',
  'client_id',
  'client_address',
  'grant',
  'endpoint',
  'sender',
  'detail',
]

interface Kind {
  /** `warn client.refused (reason secret)` */
  name: string
  written: Set<string>
  more: number
  references: string[]
}

/**
 * The log that every server has without anybody asking: a line for each warning, each error, and each refusal whose page
 * or answer names a reference. What comes again within a minute is counted, and told once with all its references, so
 * that no stranger can fill a disk or hide one kind behind another.
 *
 * Works without timers: a count is told with the next line. Where a timer need not keep the process alive, it is told
 * after a minute.
 *
 * @param log as the option of that name. Default: the standard error.
 * @param clients ids of those in the options: what is about one of them is a kind of its own, which no stranger hides
 * @throws {ConfigurationError} for what is neither a function nor `false`
 * @example
 * operatorLog(undefined, systemClock)
 * // drawbridge warn client.refused: A client sent a wrong secret. Check ... (reason secret, client_id desk)
 */
export function operatorLog(
  log: LogOption | undefined,
  clock: Pick<Clock, 'now'>,
  clients: readonly string[] = [],
): EventLog | undefined {
  const write = sinkOf(log)
  if (!write) return undefined
  let since = 0
  let seen = new Map<string, Kind>()
  let uncounted = 0
  let timer: Timer | undefined

  function sumUp(): void {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
    const before = seen
    const rest = uncounted
    seen = new Map()
    uncounted = 0
    for (const { name, more, references } of before.values()) {
      if (more > 0) write?.(`drawbridge ${name}: ${more} more like it within a minute${named(references)}.`)
    }
    if (rest > 0) write?.(`drawbridge warn: ${rest} more of other kinds within a minute.`)
  }

  return {
    // A weakened configuration is told by whoever knows what it means, with `tellOperator`.
    wants: (event) =>
      event.reference !== undefined ||
      (event.type !== 'configuration.weakened' && isLoud(noteOf(event).severity)),

    write(event) {
      const now = clock.now()
      if (now - since >= period || now < since) {
        sumUp()
        since = now
      }
      const { severity, told } = noteOf(event)
      const what = `${isLoud(severity) ? severity : 'info'} ${event.type}`
      const reason = 'reason' in event ? ` (reason ${event.reason})` : ''
      const client = 'client_id' in event && clients.find((id) => id === event.client_id)
      const whose = client ? ` (client_id ${client})` : ''
      const name = `${what}${reason}${whose}`
      let kind = seen.get(name)
      if (!kind) {
        if (seen.size >= kinds) {
          uncounted++
          timer ??= later(sumUp, period)
          return
        }
        kind = { name, written: new Set(), more: 0, references: [] }
        seen.set(name, kind)
      }
      const about = membersOf(event)
      const reference = event.reference ?? event.correlation
      if (kind.written.size < linesOfAKind && !kind.written.has(about)) {
        kind.written.add(about)
        const facts = [about, reference && `reference ${reference}`].filter(Boolean).join(', ')
        const said = told && facts ? `${told} (${facts})` : told || facts
        return write(line(`drawbridge ${what}: ${said}`))
      }
      kind.more++
      if (reference !== undefined && kind.references.length < referencesOfAKind) {
        kind.references.push(reference)
      }
      timer ??= later(sumUp, period)
    },
  }
}

/**
 * Tells the operator of a configuration that works and should not stay as it is.
 *
 * @param log as the option of that name. Default: the standard error.
 * @throws {ConfigurationError} for what is neither a function nor `false`
 * @example
 * tellOperator(options.log, 'redis.client: nobody listens to its errors. Add ...')
 */
export function tellOperator(log: LogOption | undefined, message: string): void {
  sinkOf(log)?.(line(`drawbridge warn: ${message}`))
}

function sinkOf(log: LogOption | undefined): ((line: string) => void) | undefined {
  if (log === false) return undefined
  // Looked up at each line, so that a console replaced later is used.
  const write = log === undefined ? (text: string) => console.error(text) : log
  if (typeof write !== 'function') {
    throw new ConfigurationError(
      'log',
      `is ${log === null ? 'null' : typeof log}`,
      'Pass a function that takes each line, false for none, or leave it out for the standard error. Structured logs are `onEvent: logEvents()`.',
    )
  }
  if (Object.hasOwn(write, eventListener)) {
    throw new ConfigurationError(
      'log',
      'is what logEvents() makes, which takes events and not lines',
      'Pass it as `onEvent`; `log` takes `(line) => { ... }` or false.',
    )
  }
  return (text) => tell(write, text)
}

function isLoud(severity: string): severity is 'warn' | 'error' {
  return severity === 'warn' || severity === 'error'
}

function membersOf(event: DrawbridgeEvent): string {
  const members: Readonly<Record<string, unknown>> = { ...event }
  return shown
    .filter((name) => members[name] !== undefined && members[name] !== '')
    .map((name) => `${name} ${String(members[name]).slice(0, name === 'detail' ? 400 : longestValue)}`)
    .join(', ')
}

function line(text: string): string {
  return harmless(withoutAddresses(text), longestLine)
}

function named(references: readonly string[]): string {
  return references.length > 0 ? ` (references ${references.join(', ')})` : ''
}

type Timer = ReturnType<typeof setTimeout>

/** Only where the runtime lets a timer not keep the process alive, and allows one now. */
function later(work: () => void, milliseconds: number): Timer | undefined {
  try {
    const timer = setTimeout(work, milliseconds)
    const { unref }: { unref?: unknown } = Object(timer)
    if (typeof unref === 'function') {
      unref.call(timer)
      return timer
    }
    clearTimeout(timer)
  } catch {
    // Some runtimes have no timers outside of a request.
  }
  return undefined
}
