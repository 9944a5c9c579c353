import { describe, expect, it } from 'vitest'
import { type DrawbridgeEvent, detailOf, emitter, type Occurrence, redacted } from './events.ts'

const clock = { now: () => 1_790_000_000_000 }

describe('a listener', () => {
  it('hears when it happened, and nothing that is undefined', () => {
    const heard: DrawbridgeEvent[] = []
    emitter(
      (event) => heard.push(event),
      clock,
    )({
      type: 'authorize.refused',
      reason: 'unknown_client',
      client_id: undefined,
      correlation: undefined,
    })
    expect(heard).toStrictEqual([
      { type: 'authorize.refused', at: 1_790_000_000_000, reason: 'unknown_client' },
    ])
  })

  it('that throws breaks nothing', () => {
    const emit = emitter(() => {
      throw new Error('the log is full')
    }, clock)
    expect(() => emit({ type: 'keys.created', kid: 'k' })).not.toThrow()
  })

  it('may be one of several, each of which hears all, whatever the others do', () => {
    const heard: string[] = []
    const note = (name: string) => (event: DrawbridgeEvent) =>
      void heard.push(`${name} ${event.type} ${event.at}`)
    const scribble = (event: DrawbridgeEvent) => {
      event.type = 'keys.rotated'
      event.at = 0
    }
    const fail = () => {
      throw new Error('the log is full')
    }
    const listeners = [note('first'), scribble, fail, note('last')]
    const emit = emitter(listeners, clock)
    listeners.length = 0
    emit({ type: 'keys.created', kid: 'k' })
    expect(heard).toEqual(['first keys.created 1790000000000', 'last keys.created 1790000000000'])
  })

  it('that is one of none costs nothing', () => {
    const now = () => {
      throw new Error('nobody asked')
    }
    expect(() => emitter([], { now })({ type: 'keys.created', kid: 'k' })).not.toThrow()
  })

  it('that rejects leaves no rejection unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    emitter(async () => {
      throw new Error('the log is full')
    }, clock)({ type: 'keys.created', kid: 'k' })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('whatever a stranger chose', () => {
  const hostile =
    'a\n{"level":"error"}\r\u0000\u001b[2J\u007f\u0085\u009b31m\u2028\u2029\u202e\u2066\u2069\u200f\u061c\u200b\ufeff\ud800'

  it.each<Occurrence>([
    { type: 'client.registered', client_id: hostile, client_address: hostile },
    { type: 'registration.refused', reason: 'invalid_request', detail: hostile, client_address: hostile },
    { type: 'client.refused', reason: 'secret', client_id: hostile },
    { type: 'client.deleted', client_id: hostile },
    { type: 'authorize.started', client_id: hostile },
    { type: 'authorize.refused', reason: 'redirect_uri', client_id: hostile },
    { type: 'consent.shown', client_id: hostile },
    { type: 'consent.approved', client_id: hostile, provider: hostile },
    { type: 'consent.denied', client_id: hostile },
    { type: 'login.replayed', client_id: hostile },
    { type: 'login.failed', provider: hostile, reason: 'provider_error', detail: hostile },
    { type: 'grant.created', grant: hostile, client_id: hostile, subject: hostile },
    { type: 'grant.redeemed', grant: hostile, client_id: hostile, subject: hostile },
    { type: 'grant.ended', grant: hostile, client_id: hostile, subject: hostile, reason: 'revoked' },
    { type: 'code.refused', reason: 'unknown', grant: hostile },
    { type: 'refresh.refused', reason: 'unknown', grant: hostile },
    { type: 'revocation.ignored', client_id: hostile, reason: 'unknown', grant: hostile },
    { type: 'token.accepted', resource: hostile, client_id: hostile, grant: hostile },
    { type: 'token.refused', resource: hostile, reason: 'malformed', detail: hostile, client_id: hostile },
    { type: 'token.unchecked', resource: hostile, detail: hostile },
    { type: 'token.misdirected', resource: hostile, detail: hostile, client_id: hostile },
    { type: 'verifier.unavailable', resource: hostile, detail: hostile },
    { type: 'upstream.unavailable', provider: hostile, reason: 'unavailable', detail: hostile },
    { type: 'storage.unavailable', operation: hostile, detail: hostile },
    { type: 'storage.unreadable', kind: hostile, reason: 'damaged' },
    { type: 'keys.unknown_secret', key_id: hostile },
    { type: 'request.refused', path: hostile, reason: 'invalid_request' },
    { type: 'request.unavailable', path: hostile, detail: hostile },
    { type: 'request.failed', path: hostile, detail: hostile },
  ])('is harmless in $type, for a listener as for a log', (occurrence) => {
    const heard: DrawbridgeEvent[] = []
    const log = { wants: () => true, write: (event: DrawbridgeEvent) => void heard.push(event) }
    emitter((event) => heard.push(event), clock, log)({ ...occurrence, correlation: hostile })
    expect(heard).toHaveLength(2)
    for (const event of heard) {
      for (const value of Object.values(event)) {
        expect(String(value)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }
    }
  })

  it('is no longer than anything worth noting', () => {
    const heard: DrawbridgeEvent[] = []
    emitter((event) => heard.push(event), clock)({ type: 'client.deleted', client_id: 'x'.repeat(100_000) })
    expect(JSON.stringify(heard).length).toBeLessThan(1200)
  })

  it('stays what it is where it does no harm', () => {
    const heard: DrawbridgeEvent[] = []
    const subject = 'acme|Ünïcödé 名前 👩 "quotes" <tags>'
    const created: Occurrence = {
      type: 'grant.created',
      grant: 'o.g',
      client_id: 'https://a.test/b?c',
      subject,
    }
    emitter((event) => heard.push(event), clock)(created)
    expect(heard).toStrictEqual([{ ...created, at: clock.now() }])
  })
})

describe('details', () => {
  it('say what went wrong, and why', () => {
    const error = new Error('github could not be reached', {
      cause: new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:443') }),
    })
    expect(detailOf(error)).toBe(
      'github could not be reached; TypeError: fetch failed; connect ECONNREFUSED 127.0.0.1:443',
    )
  })

  it('end somewhere', () => {
    const circular = new Error('a')
    circular.cause = circular
    expect(detailOf(circular)).toBe('a; a; a; a')
    expect(detailOf(new Error('no '.repeat(1000)))).toHaveLength(300)
    expect(detailOf('only text')).toBe('only text')
  })

  it.each([
    [
      'an opaque token',
      'dbr_AbCdEfGhIjKlMnOpQrStUvWxYz0123456.AbC.0.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq',
    ],
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJnaXRodWJ8MSJ9.c2lnbmF0dXJlIG9mIHRoaXMgdG9rZW4x'],
    ['a GitHub token', 'gho_ABCDEFGHIJabcdefghij0123456789ABCDEF'],
    [
      'a secret as `openssl rand -base64 32` writes it',
      'wJalrXUtnFEMI7/K7MDENGab12/bPxRfiCYEXAM0/KEYqWe12Q0=',
    ],
    ['an e-mail address in a query', 'login_hint=alice%40example.com'],
    ['a code', '9f3c1a7be2d04586a1c3'],
    ['random letters', 'qwertyuiopasdfghjklzxcvbnmqwertyuiopasdfghj'],
    ['an e-mail address', 'mona.lisa+x@octo-cat.example'],
    ['the password of a connection string', 'redis://default:hunter2@cache.internal:6379'],
  ])('never hold %s', (_, secret) => {
    const text = redacted(`cannot use "${secret}" (${secret}), token=${secret}`)
    for (const part of secret.split('.')) expect(part.length > 3 && text.includes(part), part).toBe(false)
    expect(text).toMatch(/\[(redacted|address)\]/)
  })

  it.each([
    'github answered temporarily_unavailable',
    'WWWAuthenticateChallengeError: server responded with a challenge in the WWW-Authenticate HTTP Header',
    'getaddrinfo ENOTFOUND login.acme.dev',
    'the metadata of https://login.acme.dev/tenants/acme could not be read: 503',
  ])('keep what helps: %s', (text) => {
    expect(redacted(text)).toBe(text)
  })
})
