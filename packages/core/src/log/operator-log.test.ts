import { afterEach, describe, expect, it, vi } from 'vitest'
import { type DrawbridgeEvent, emitter, type Occurrence } from '../events.ts'
import { operatorLog, tellOperator } from './operator-log.ts'

const minute = 60_000

function logging() {
  const lines: string[] = []
  const clock = { time: 1_790_000_000_000, now: () => clock.time }
  const emit = emitter(
    undefined,
    clock,
    operatorLog((line) => lines.push(line), clock),
  )
  return { lines, clock, emit }
}

const refused: Occurrence = { type: 'client.refused', reason: 'secret', client_id: 'desk' }
const gone: Occurrence = { type: 'consent.refused', reason: 'unknown_transaction' }

describe('a line', () => {
  it('says how much it weighs, what happened, what to check, and what it is about', () => {
    const { lines, emit } = logging()
    emit({ ...refused, correlation: 'c1' })
    expect(lines).toEqual([
      'drawbridge warn client.refused: A client sent a wrong secret. Check the client_secret that this client sends; ' +
        'of a client in `clients`, the `client_secret` there. (reason secret, client_id desk, reference c1)',
    ])
  })

  it('names the key that was revoked, and has no empty brackets', () => {
    const { lines, emit } = logging()
    emit({ type: 'keys.revoked', kid: 'k1' })
    emit({ type: 'grants.ended' })
    emit({ type: 'grants.ended', before: 1_790_000_000 })
    const [revoked, all, before] = lines
    expect(revoked).toMatch(/^drawbridge warn keys\.revoked: .* \(kid k1\)$/)
    expect(all).toMatch(/^drawbridge warn grants\.ended: .*`grants\.endAll\(\)`\.$/)
    expect(before).toMatch(/ \(before 1790000000\)$/)
  })

  it('is written for what somebody may want to look at, and for what somebody was given a reference for', () => {
    const { lines, emit } = logging()
    emit({ type: 'refresh.rotated', grant: 'g' })
    emit(gone)
    expect(lines).toEqual([])
    emit({ ...gone, reference: 'r1' })
    emit({ type: 'request.refused', path: '/authorize', reason: 'invalid_request', reference: 'r2' })
    expect(lines).toEqual([
      'drawbridge info consent.refused: reason unknown_transaction, reference r1',
      'drawbridge info request.refused: reason invalid_request, path /authorize, reference r2',
    ])
  })

  it.each([
    ['another line', 'x\n\r\u0085\u2028\u2029drawbridge error storage.unavailable: all is lost'],
    ['a terminal command', '\u001b[2J\u009b31m\u0007\u0000'],
    ['text read backwards', '\u202edetfarC\u2066\u200f\u061c'],
    ['text nobody sees', 'admin\u200b\ufeff\u{e0041}'],
  ])('cannot be made to hold %s', (_, text) => {
    const { lines, emit } = logging()
    emit({ type: 'login.failed', provider: text, reason: 'provider_error', detail: text })
    emit({ ...refused, client_id: text })
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  })

  it('holds no address, and nobody by name', () => {
    const { lines, emit } = logging()
    const subject = 'acme|mona@octo.example'
    emit({
      type: 'grant.ended',
      grant: 'g',
      client_id: 'mona@octo.example',
      subject,
      reason: 'refresh_reused',
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toMatch(/mona|octo/)
  })

  it('is never long', () => {
    const { lines, emit } = logging()
    emit({ type: 'storage.unavailable', operation: 'x'.repeat(5000), detail: 'y z '.repeat(5000) })
    tellOperator((line) => lines.push(line), 'z '.repeat(5000))
    expect(lines.map(({ length }) => length <= 1200)).toEqual([true, true])
  })
})

describe('nobody can fill a disk', () => {
  it('equal lines are counted, and told once when the minute is over', () => {
    const { lines, clock, emit } = logging()
    for (let time = 0; time < 1000; time++) emit(refused)
    expect(lines).toHaveLength(1)
    clock.time += minute
    emit({ type: 'keys.unknown_secret', key_id: 'k' })
    expect(lines).toEqual([
      expect.stringContaining('client_id desk'),
      'drawbridge warn client.refused (reason secret): 999 more like it within a minute.',
      expect.stringMatching(/^drawbridge error keys\.unknown_secret: /),
    ])
  })

  it('and what a stranger chose makes them no less equal', () => {
    const { lines, clock, emit } = logging()
    for (let time = 0; time < 10_000; time++) {
      emit({ type: 'login.failed', provider: 'acme', reason: 'provider_error', detail: `made up ${time}` })
      emit({ ...refused, client_id: `made up ${time}` })
      emit({ ...gone, correlation: `c${time}`, reference: `r${time}` })
    }
    expect(lines.length).toBeLessThanOrEqual(15)
    clock.time += minute
    emit(refused)
    expect(lines.length).toBeLessThanOrEqual(19)
    expect(lines.every(({ length }) => length <= 1200)).toBe(true)
  })

  it('nor hides another kind', () => {
    const { lines, emit } = logging()
    for (let time = 0; time < 10_000; time++) emit({ ...refused, client_id: `made up ${time}` })
    emit({ type: 'storage.unavailable', operation: 'get', detail: 'ECONNREFUSED' })
    expect(lines.at(-1)).toMatch(/^drawbridge error storage\.unavailable: .*ECONNREFUSED/)
  })

  it('the sum names the references that were given out', () => {
    const { lines, clock, emit } = logging()
    emit({ ...gone, reference: 'r1' })
    emit({ ...gone, reference: 'r2' })
    emit({ ...gone, reference: 'r3' })
    clock.time += minute
    emit(refused)
    expect(lines[1]).toBe(
      'drawbridge info consent.refused (reason unknown_transaction): 2 more like it within a minute (references r2, r3).',
    )
  })

  it('kinds beyond all that there are would be counted, too', () => {
    const { lines, clock, emit } = logging()
    for (let reason = 0; reason < 1000; reason++) {
      emit({ type: 'request.refused', path: '/', reason: `r${reason}` as 'invalid_request', reference: 'x' })
    }
    expect(lines).toHaveLength(200)
    clock.time += minute
    emit(refused)
    expect(lines[200]).toBe('drawbridge warn: 800 more of other kinds within a minute.')
  })

  it('a clock that was set back does not silence it', () => {
    const { lines, clock, emit } = logging()
    emit(refused)
    clock.time -= 10 * minute
    emit(refused)
    expect(lines).toHaveLength(2)
  })
})

describe('the minute', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('ends by itself where nothing more happens', () => {
    vi.useFakeTimers()
    const { lines, emit } = logging()
    emit(refused)
    emit(refused)
    expect(lines).toHaveLength(1)
    vi.advanceTimersByTime(minute)
    expect(lines).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps no process alive', () => {
    const unref = vi.fn()
    vi.stubGlobal('setTimeout', () => ({ unref }))
    const { emit } = logging()
    emit(refused)
    emit(refused)
    expect(unref).toHaveBeenCalledOnce()
  })

  it.each([
    ['a number, which would', () => 1],
    [
      'none at all',
      () => {
        throw new Error('Disallowed operation called within global scope.')
      },
    ],
  ])('is ended by the next event where timers are %s', (_, setTimer) => {
    const cleared = vi.fn()
    vi.stubGlobal('setTimeout', setTimer)
    vi.stubGlobal('clearTimeout', cleared)
    const { lines, clock, emit } = logging()
    emit(refused)
    emit(refused)
    clock.time += minute
    emit(gone)
    expect(lines).toHaveLength(1)
    emit({ ...gone, reference: 'r' })
    expect(lines[1]).toContain('1 more')
  })
})

describe('where the lines go', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is the standard error, unless somebody says otherwise', () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    tellOperator(undefined, 'storage: look at it')
    expect(written.mock.calls).toEqual([['drawbridge warn: storage: look at it']])
    tellOperator(false, 'storage: look at it')
    expect(operatorLog(false, { now: () => 0 })).toBeUndefined()
    expect(written).toHaveBeenCalledOnce()
  })

  it('may fail, which breaks nothing', () => {
    const heard: DrawbridgeEvent[] = []
    const clock = { now: () => 0 }
    const full = operatorLog(() => {
      throw new Error('ENOSPC')
    }, clock)
    emitter((event) => heard.push(event), clock, full)(refused)
    expect(heard).toHaveLength(1)
  })

  it.each([true, 'stderr', null, {}])('cannot be %j', (log) => {
    expect(() => operatorLog(log as never, { now: () => 0 })).toThrow(/^log: is .*false.*logEvents\(\)/)
  })
})
