import { describe, expect, it } from 'vitest'
import { dangerouslyStaticTokens } from './static-tokens.ts'

const context = { resource: 'http://localhost:3000/mcp' }
const clock = { now: () => 1_000_000_000_000, sleep: async () => {} }

describe('dangerouslyStaticTokens', () => {
  it('knows its tokens and no others', async () => {
    const verifier = dangerouslyStaticTokens(
      { 'dev-token': { subject: 'ada', clientId: 'cli', scopes: ['a'], user: { admin: true } } },
      { log: false, clock },
    )
    expect(await verifier.verify('dev-token', context)).toEqual({
      status: 'valid',
      token: {
        subject: 'ada',
        clientId: 'cli',
        scopes: ['a'],
        expiresAt: 1_000_003_600,
        issuer: 'static',
        user: { admin: true },
      },
    })
    for (const token of ['dev-token2', 'dev-toke', 'DEV-TOKEN', 'constructor', '__proto__']) {
      expect(await verifier.verify(token, context), token).toEqual({ status: 'not-mine' })
    }
  })

  it('refuses one that has expired', async () => {
    const verifier = dangerouslyStaticTokens(
      {
        old: { subject: 'ada', scopes: ['a'], expiresAt: 1_000_000_000 },
        young: { subject: 'ada', expiresAt: 1_000_000_001 },
      },
      { log: false, clock },
    )
    expect(await verifier.verify('old', context)).toMatchObject({ status: 'invalid', scopes: ['a'] })
    expect(await verifier.verify('young', context)).toMatchObject({ status: 'valid' })
  })

  it('warns without showing a token', () => {
    const warnings: string[] = []
    dangerouslyStaticTokens({ 'dev-token': { subject: 'ada' } }, { log: (message) => warnings.push(message) })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/development and tests only/)
    expect(warnings[0]).not.toContain('dev-token')
  })

  it('refuses what no request could present, without repeating it', () => {
    const attempt = () => dangerouslyStaticTokens({ 'my secret': { subject: 'ada' } }, { log: false })
    expect(attempt).toThrow(/^dangerouslyStaticTokens: /)
    expect(attempt).not.toThrow('my secret')
    expect(() => dangerouslyStaticTokens({ t: { subject: 'ada', scopes: ['a b'] } }, { log: false })).toThrow(
      'not a scope',
    )
    expect(() =>
      dangerouslyStaticTokens({ t: { subject: 'ada', user: { can: () => true } } }, { log: false }),
    ).toThrow('cannot be copied')
  })
})
