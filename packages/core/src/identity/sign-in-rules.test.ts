import { describe, expect, it } from 'vitest'
import { checkAllow, isAmong, verifiedEmail } from './sign-in-rules.ts'

interface Allow {
  domains?: readonly string[]
  emails?: readonly string[]
  groups?: readonly string[]
  verified?: true
}
const checked = (allow: unknown) => () =>
  checkAllow<Allow>(allow as Allow, {
    domains: 'domains',
    emails: 'emails',
    groups: 'names',
    verified: 'true',
  })

describe('checkAllow', () => {
  it('takes rules that somebody can match, and none', () => {
    for (const allow of [
      undefined,
      { domains: ['acme.dev'] },
      { emails: ['ada@acme.dev'], domains: undefined },
      { groups: ['Site admins', '/staff/dev'] },
      { verified: true },
    ])
      expect(checked(allow)).not.toThrow()
  })

  it('never takes nobody for everybody', () => {
    for (const allow of [{}, { domains: [] }, { domains: undefined, emails: [] }])
      expect(checked(allow)).toThrow(/allow: names nobody/)
    expect(checked({ verified: false, domains: ['acme.dev'] })).toThrow(/allow.verified: is false/)
    expect(checked({ domain: ['acme.dev'] })).toThrow(/allow.domain: .*"domains"/)
  })

  it('never takes a list that came out empty for one that was left out', () => {
    for (const allow of [
      { verified: true, domains: [] },
      { groups: ['staff'], domains: [] },
    ])
      expect(checked(allow)).toThrow(/allow.domains: is empty/)
  })

  it('refuses what cannot match, and shows no address', () => {
    for (const domain of ['acme', '@acme.dev', 'https://acme.dev', '*.acme.dev', ''])
      expect(checked({ domains: [domain] }), domain).toThrow(/allow.domains/)
    expect(checked({ domains: 'acme.dev' })).toThrow(/allow.domains/)
    for (const group of ['', ' ', 'staff '])
      expect(checked({ groups: [group] }), group).toThrow(/allow.groups/)
    const wrong = checked({ emails: ['ada@acme.dev', 'acme.dev'] })
    expect(wrong).toThrow(/allow.emails: holds what is no address/)
    expect(wrong).not.toThrow(/ada@/)
  })
})

it('verifiedEmail is one that the provider says it verified', () => {
  const email = 'ada@acme.dev'
  expect(verifiedEmail({ sub: '1', email, email_verified: true })).toBe(email)
  for (const email_verified of [false, undefined, 'true', 1])
    expect(verifiedEmail({ sub: '1', email, email_verified: email_verified as boolean })).toBeUndefined()
  expect(verifiedEmail({ sub: '1', email_verified: true })).toBeUndefined()
  const odd = [
    '',
    'acme.dev',
    '@acme.dev',
    'eve@evil.test, ada@acme.dev',
    'eve@evil.test@acme.dev',
    'ada@acme.dev\n',
  ]
  for (const address of odd)
    expect(verifiedEmail({ sub: '1', email: address, email_verified: true }), address).toBeUndefined()
})

it('isAmong knows capitals, and no letter that looks like another', () => {
  expect(isAmong(['Kate@acme.dev'], 'kate@ACME.dev')).toBe(true)
  expect(isAmong(['kate@acme.dev'], '\u212Aate@acme.dev')).toBe(false)
  expect(isAmong(['acme.dev'], ['acme.dev'])).toBe(false)
})
