import { ConfigurationError } from '../errors.ts'
import type { EventListener } from '../events.ts'
import { checkCall, checkOneOf, inWords } from '../known-options.ts'
import { eventListener, tell } from '../listener.ts'
import { noteOf, type Severity } from './event-notes.ts'

/** A logger that takes fields and a message, as pino and its kin do. */
export type Logger = Readonly<
  Record<Severity, (fields: Readonly<Record<string, unknown>>, message: string) => void>
>

/** Options of {@link logEvents}. */
export interface LogOptions {
  /**
   * The least that is logged. `debug` has every step of every flow, each line with the `correlation` of its flow.
   * Default `info`; with a `logger`, everything is passed on and the logger's own level decides.
   */
  level?: Severity | undefined
  /** Receives each line, without its end. What it throws, or rejects with, is ignored. Default: `console.log`. */
  write?: ((line: string) => void) | undefined
  /** Instead of lines: a logger of your own, which adds time and level itself. */
  logger?: Logger | undefined
}

const severities: readonly Severity[] = ['debug', 'info', 'warn', 'error']

/**
 * Writes events as structured log lines: one JSON object a line, or through a logger of your own. Tokens, codes,
 * secrets and e-mail addresses are in no event, and so in no line, at any level.
 *
 * @throws {ConfigurationError} for a `level` that is none
 * @example
 * oauthProxy({ ...options, onEvent: logEvents({ level: 'debug' }) })
 * // {"time":"2026-03-01T12:00:00.000Z","level":"info","event":"grant.created","correlation":"Zk3...","grant":...}
 * oauthProxy({ ...options, onEvent: logEvents({ logger: pino() }) })
 */
export function logEvents(options: LogOptions = {}): EventListener {
  checkCall<LogOptions>(
    "logEvents({ level: 'debug' })",
    options,
    { level: true, write: 'function', logger: true },
    'logEvents.',
  )
  checkLogger(options.logger)
  const { logger, level = logger ? 'debug' : 'info', write = (line: string) => console.log(line) } = options
  checkOneOf('level', level, severities)
  const listener: EventListener = (event) => {
    const { severity } = noteOf(event)
    if (severities.indexOf(severity) < severities.indexOf(level)) return
    const { type, at, correlation, ...rest } = event
    const fields = { event: type, ...(correlation !== undefined && { correlation }), ...rest }
    if (logger) tell(() => logger[severity](fields, type))
    else tell(write, JSON.stringify({ time: new Date(at).toISOString(), level: severity, ...fields }))
  }
  return Object.assign(listener, { [eventListener]: true })
}

function checkLogger(logger: unknown): void {
  if (logger === undefined) return
  const lacking = severities.filter((severity) => typeof Object(logger)[severity] !== 'function')
  if (lacking.length === 0) return
  throw new ConfigurationError(
    'logEvents.logger',
    `is ${inWords(logger)} without ${lacking.join(', ')}`,
    'Pass a logger such as pino(), or `write` for lines.',
  )
}
