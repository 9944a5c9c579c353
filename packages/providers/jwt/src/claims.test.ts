import { describe, expect, it } from 'vitest'
import {
  fakeClock,
  outcome,
  resource,
  rsa,
  sign,
  stranger,
  time,
  valid,
  verifier,
} from './jwt-verifier.fixture.ts'

describe('claims', () => {
  it.each([
    ['an expiry that has passed', { exp: time - 31 }, 'invalid: expired'],
    ['an expiry within the tolerance', { exp: time - 29 }, 'valid'],
    ['no expiry', { exp: undefined }, 'invalid: no_expiry'],
    ['an expiry in words', { exp: '2099-01-01' }, 'invalid: malformed_exp'],
    ['a beginning to come', { nbf: time + 31 }, 'invalid: not_yet_valid'],
    ['a beginning within the tolerance', { nbf: time + 29 }, 'valid'],
    ['a beginning in words', { nbf: 'now' }, 'invalid: malformed_nbf'],
    ['no subject', { sub: undefined }, 'invalid: no_subject'],
    ['an empty subject', { sub: '' }, 'invalid: no_subject'],
    ['a subject that is no string', { sub: 7 }, 'invalid: no_subject'],
    ['another audience', { aud: 'https://other.test/mcp' }, 'invalid: audience'],
    ['a longer audience', { aud: `${resource}/admin` }, 'invalid: audience'],
    [
      'our audience and a foreign one',
      { aud: [resource, 'https://other.test'] },
      'invalid: foreign_audience',
    ],
    ['our audience twice', { aud: [resource, resource] }, 'valid'],
    ['no audience', { aud: undefined }, 'invalid: no_audience'],
    ['an empty list of audiences', { aud: [] }, 'invalid: audience'],
    ['an audience that is no string', { aud: [resource, { a: 1 }] }, 'invalid: no_audience'],
  ])('with %s', async (_, more, expected) => {
    expect(await outcome(verifier(), sign(more))).toBe(expected)
  })

  it('may name further audiences that the configuration tolerates, but not only those', async () => {
    const checker = verifier({ toleratedAudiences: ['https://login.test/userinfo'] })
    expect(await outcome(checker, sign({ aud: [resource, 'https://login.test/userinfo'] }))).toBe('valid')
    expect(await outcome(checker, sign({ aud: ['https://login.test/userinfo'] }))).toBe('invalid: audience')
  })

  it('may have any audience only when that is asked for loudly', async () => {
    const warnings: string[] = []
    const checker = verifier({ dangerouslySkipAudience: true, log: (message) => warnings.push(message) })
    expect(await outcome(checker, sign({ aud: undefined }))).toBe('valid')
    expect(warnings.join()).toContain('dangerouslySkipAudience')
  })

  it('get a last look', async () => {
    const checker = verifier({ accept: (claims) => claims.tenant === 'acme' })
    expect(await outcome(checker, sign({ tenant: 'acme' }))).toBe('valid')
    expect(await outcome(checker, sign({ tenant: 'evil' }))).toBe('invalid: not_accepted')
  })

  it.each([
    ['nothing', () => undefined, 'invalid: not_accepted'],
    ['a promise', async () => false, /^accept: answered with a promise\. Return true or false/],
    [
      'a promise that fails',
      async () => Promise.reject(new Error('down')),
      /^accept: answered with a promise/,
    ],
  ])('that answers with %s lets nobody in', async (_, accept, expected) => {
    const checker = verifier({ accept: accept as never })
    const answer = await outcome(checker, sign()).catch((error: Error) => error.message)
    expect(answer).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
  })

  it('may say in their own words who it is', async () => {
    const checker = verifier({ subject: ({ sub }) => sub })
    const token = valid(await checker.verify(await sign({ sub: 'github|1' }), { resource }))
    expect(token.subject).toBe('github|1')
  })

  it.each([
    ['nothing', () => undefined, 'invalid: no_subject'],
    ['an empty text', () => '', 'invalid: no_subject'],
    ['a number', () => 1, 'invalid: no_subject'],
    ['a promise', async () => 'ada', /^subject: answered with a promise\. Return the text/],
    [
      'a promise that fails',
      async () => Promise.reject(new Error('down')),
      /^subject: answered with a promise/,
    ],
  ])('that are answered with %s are nobody', async (_, subject, expected) => {
    const checker = verifier({ subject: subject as never })
    const answer = await outcome(checker, sign()).catch((error: Error) => error.message)
    expect(answer).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
  })

  it('say who it is only once they are believed', async () => {
    const asked: unknown[] = []
    const checker = verifier({ subject: ({ sub }) => String(asked.push(sub)) })
    for (const wrong of [{ aud: 'https://other.test' }, { exp: time - 31 }, { sub: undefined }]) {
      expect(await outcome(checker, sign(wrong))).not.toBe('valid')
    }
    expect(asked).toEqual([])
  })

  it('are looked at on every request, also when the signature is known', async () => {
    const clock = fakeClock()
    const checker = verifier({ clock })
    const token = await sign()
    expect(await outcome(checker, token)).toBe('valid')
    expect((await checker.verify(token, { resource: 'https://other.test' })).status).toBe('invalid')
    clock.seconds = time + 3600 + 30
    expect(await outcome(checker, token)).toBe('invalid: expired')
  })

  it('of a token that was good until it expired say what it held, and those of no other', async () => {
    const heldBy = async (token: string) => {
      const result = await verifier().verify(token, { resource })
      return result.status === 'invalid' ? result.scopes : result.status
    }
    const expired = { exp: time - 31 }
    expect(await heldBy(await sign(expired))).toEqual(['a', 'b'])
    expect(await heldBy(await sign({ ...expired, aud: 'https://other.test/mcp' }))).toBeUndefined()
    expect(await heldBy(await sign({ ...expired, token_use: 'id' }))).toBeUndefined()
    expect(await heldBy(await sign(expired, { kid: rsa.kid }, stranger))).toBeUndefined()
    expect(await heldBy(await sign({ nbf: time + 31 }))).toBeUndefined()
  })

  it('are not shared between requests', async () => {
    const checker = verifier()
    const token = await sign({ roles: ['reader'] })
    const first = valid(await checker.verify(token, { resource })).user
    first.roles = ['admin']
    expect(valid(await checker.verify(token, { resource })).user.roles).toEqual(['reader'])
  })
})
