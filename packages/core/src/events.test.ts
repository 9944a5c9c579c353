import { describe, expect, it } from 'vitest'
import { type DrawbridgeEvent, detailOf, emitter, redacted } from './events.ts'

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
