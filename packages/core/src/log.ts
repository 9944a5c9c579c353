import { ConfigurationError } from './errors.ts'
import type { DrawbridgeEvent, EventListener, EventType } from './events.ts'

/** How much a log line weighs. */
export type Severity = 'debug' | 'info' | 'warn' | 'error'

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
  /** Receives each line, without its end. Default: `console.log`. */
  write?: ((line: string) => void) | undefined
  /** Instead of lines: a logger of your own, which adds time and level itself. */
  logger?: Logger | undefined
}

const severities: readonly Severity[] = ['debug', 'info', 'warn', 'error']

/** `debug`: a step that went as it should. `info`: a decision. `warn`: somebody may want to look; `error`: must. */
const severityOfType: Readonly<Record<EventType, Severity>> = {
  'client.registered': 'info',
  'client.rejected': 'info',
  'client.refused': 'warn',
  'client.evicted': 'info',
  'client.deleted': 'info',
  'authorize.started': 'debug',
  'authorize.refused': 'info',
  'consent.shown': 'debug',
  'consent.approved': 'debug',
  'consent.skipped': 'debug',
  'consent.denied': 'info',
  'consent.refused': 'info',
  'callback.refused': 'info',
  'callback.replayed': 'debug',
  'callback.failed': 'warn',
  'login.denied': 'info',
  'grant.created': 'info',
  'grant.redeemed': 'debug',
  'grant.ended': 'info',
  'code.refused': 'info',
  'refresh.rotated': 'debug',
  'refresh.replayed': 'debug',
  'refresh.lost_response': 'info',
  'refresh.refused': 'info',
  'revocation.ignored': 'info',
  'token.accepted': 'debug',
  'token.refused': 'debug',
  'token.unchecked': 'warn',
  'verifier.unavailable': 'warn',
  'identity.confirmed': 'debug',
  'upstream.refreshed': 'debug',
  'upstream.ended': 'info',
  'upstream.unavailable': 'warn',
  'upstream.revoked': 'info',
  'storage.unavailable': 'error',
  'storage.unreadable': 'error',
  'keys.created': 'info',
  'keys.rotated': 'info',
  'keys.unknown_secret': 'error',
  'configuration.weakened': 'warn',
  'request.refused': 'debug',
  'request.unavailable': 'warn',
  'request.failed': 'error',
}

/** Reasons that weigh more than their event's type: attacks that were fended off, and what only an operator can mend. */
const severityOfReason: Readonly<Record<string, Severity>> = {
  csrf: 'warn',
  cross_site: 'warn',
  other_browser: 'warn',
  other_provider: 'warn',
  issuer_mismatch: 'warn',
  forged: 'warn',
  code_replayed: 'warn',
  refresh_reused: 'warn',
  misconfigured: 'error',
  internal: 'error',
}

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
  const { logger, level = logger ? 'debug' : 'info', write = (line: string) => console.log(line) } = options
  if (!severities.includes(level)) {
    throw new ConfigurationError(
      'level',
      `is ${JSON.stringify(level)}`,
      `Use one of ${severities.join(', ')}.`,
    )
  }
  return (event) => {
    const severity = severityOf(event)
    if (severities.indexOf(severity) < severities.indexOf(level)) return
    const { type, at, correlation, ...rest } = event
    const fields = { event: type, ...(correlation !== undefined && { correlation }), ...rest }
    if (logger) logger[severity](fields, type)
    else write(JSON.stringify({ time: new Date(at).toISOString(), level: severity, ...fields }))
  }
}

function severityOf(event: DrawbridgeEvent): Severity {
  return ('reason' in event && severityOfReason[event.reason]) || severityOfType[event.type]
}
