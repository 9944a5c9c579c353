import { afterEach, describe, expect, it, vi } from 'vitest'
import type { DrawbridgeEvent } from '../events.ts'
import { type LogOptions, logEvents } from './log.ts'

const at = Date.UTC(2026, 2, 1, 12)
const created: DrawbridgeEvent = {
  type: 'grant.created',
  at,
  correlation: 'c1',
  grant: 'o.g',
  client_id: 'desk',
  subject: 'github|1',
}
const step: DrawbridgeEvent = { type: 'refresh.rotated', at, correlation: 'c1', grant: 'o.g' }
const reuse: DrawbridgeEvent = {
  type: 'grant.ended',
  at,
  grant: 'o.g',
  client_id: 'desk',
  subject: 'github|1',
  reason: 'refresh_reused',
}
const outage: DrawbridgeEvent = { type: 'storage.unavailable', at, operation: 'get', detail: 'ECONNREFUSED' }

function lines(events: readonly DrawbridgeEvent[], options: LogOptions = {}): unknown[] {
  const written: string[] = []
  const log = logEvents({ write: (line) => written.push(line), ...options })
  for (const event of events) log(event)
  return written.map((line) => JSON.parse(line))
}

describe('lines', () => {
  it('are JSON with time, level, event and correlation in front', () => {
    const written: string[] = []
    logEvents({ write: (line) => written.push(line) })(created)
    expect(written).toEqual([
      '{"time":"2026-03-01T12:00:00.000Z","level":"info","event":"grant.created","correlation":"c1",' +
        '"grant":"o.g","client_id":"desk","subject":"github|1"}',
    ])
  })

  it('stay one line, whatever a detail holds', () => {
    const written: string[] = []
    logEvents({ write: (line) => written.push(line) })({ ...outage, detail: 'a\n{"level":"info"}' })
    expect(written.join('')).not.toContain('\n')
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ detail: 'a\n{"level":"info"}' })
  })

  it('go to the console when nobody says where', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    logEvents()(created)
    expect(log.mock.calls).toEqual([[expect.stringContaining('"event":"grant.created"')]])
  })

  afterEach(() => vi.restoreAllMocks())
})

describe('the level', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    [undefined, ['info', 'warn', 'error']],
  ] as const)('%s lets through %j', (level, expected) => {
    const written = lines([step, created, reuse, outage], { level })
    expect(written).toEqual(expected.map((severity) => expect.objectContaining({ level: severity })))
  })

  it('that does not exist is refused with those that do', () => {
    expect(() => logEvents({ level: 'verbose' as never })).toThrow(
      'level: is "verbose". Use one of debug, info, warn, error.',
    )
  })
})

describe('what an operator must see stands out', () => {
  it.each<[DrawbridgeEvent, string]>([
    [reuse, 'warn'],
    [{ ...reuse, reason: 'revoked' }, 'info'],
    [{ type: 'consent.refused', at, reason: 'csrf' }, 'warn'],
    [{ type: 'consent.refused', at, reason: 'unknown_transaction' }, 'info'],
    [{ type: 'upstream.unavailable', at, provider: 'github', reason: 'unavailable', detail: '' }, 'warn'],
    [{ type: 'upstream.unavailable', at, provider: 'github', reason: 'misconfigured', detail: '' }, 'error'],
    [{ type: 'client.refused', at, reason: 'secret', client_id: 'desk' }, 'warn'],
    [{ type: 'request.failed', at, path: '/token', detail: '' }, 'error'],
  ])('%j', (event, level) => {
    expect(lines([event], { level: 'debug' })).toMatchObject([{ event: event.type, level }])
  })
})

describe('a logger of your own', () => {
  it('gets the fields and a message by severity, and keeps its own level and clock', () => {
    const calls: unknown[] = []
    const logger = {
      name: 'pino',
      debug: called('debug'),
      info: called('info'),
      warn: called('warn'),
      error: called('error'),
    }
    function called(severity: string) {
      return function (this: unknown, fields: unknown, message: string) {
        // Loggers such as pino do not work when their methods are taken from them.
        calls.push([severity, fields, message, this === logger])
      }
    }
    const log = logEvents({ logger })
    log(step)
    log(outage)
    expect(calls).toEqual([
      ['debug', { event: 'refresh.rotated', correlation: 'c1', grant: 'o.g' }, 'refresh.rotated', true],
      [
        'error',
        { event: 'storage.unavailable', operation: 'get', detail: 'ECONNREFUSED' },
        'storage.unavailable',
        true,
      ],
    ])
  })

  it('is spared what `level` leaves out', () => {
    const info = vi.fn()
    const log = logEvents({ level: 'warn', logger: { ...console, info, warn: () => {} } })
    log(created)
    expect(info).not.toHaveBeenCalled()
  })
})
