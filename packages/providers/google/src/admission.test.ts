import { AccessDenied, permitting } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { admit } from './admission.ts'
import type { GoogleOptions, GoogleUser } from './options.ts'

const ada = { sub: '1', email: 'ada@acme.test', email_verified: true, hd: 'acme.test' }
const enters = (user: object, options: GoogleOptions) => permitting(options, admit)(user as GoogleUser)

describe('hostedDomains', () => {
  const allow = { hostedDomains: ['ACME.test', 'other.test'] }

  it('lets in whom the organization manages', async () => {
    expect(await enters(ada, { allow })).toBe(true)
    expect(await enters({ ...ada, hd: 'Other.test' }, { allow })).toBe(true)
  })

  it.each([
    ['an address there and no organization', { hd: undefined }],
    ['another organization', { hd: 'evil.test' }],
    ['a subdomain', { hd: 'sub.acme.test' }],
    ['a claim that is no text', { hd: ['acme.test'] }],
  ])('refuses %s', async (_, claims) => {
    await expect(enters({ ...ada, ...claims }, { allow })).rejects.toThrow(AccessDenied)
  })
})

describe('emails', () => {
  const allow = { emails: ['Ada@acme.test'] }

  it('lets in who has a verified one', async () => {
    expect(await enters({ ...ada, hd: undefined }, { allow })).toBe(true)
  })

  it.each([
    ['one that is not verified', { email_verified: false }],
    ['one of which nothing is said', { email_verified: undefined }],
    ['a text in place of a yes', { email_verified: 'true' }],
    ['another', { email: 'eve@acme.test' }],
    ['none', { email: undefined }],
  ])('refuses %s', async (_, claims) => {
    await expect(enters({ ...ada, ...claims }, { allow })).rejects.toThrow(AccessDenied)
  })

  it('are one way in among others', async () => {
    const both = { hostedDomains: ['acme.test'], emails: ['lin@gmail.test'] }
    expect(await enters(ada, { allow: both })).toBe(true)
    const lin = { sub: '2', email: 'lin@gmail.test', email_verified: true }
    expect(await enters(lin, { allow: both })).toBe(true)
    await expect(enters({ ...lin, email: 'x@gmail.test' }, { allow: both })).rejects.toThrow(/no access here/)
  })
})

it('verifiedEmail is wanted on top of every other rule', async () => {
  const unverified = { ...ada, email_verified: false }
  expect(await enters(ada, { allow: { verifiedEmail: true } })).toBe(true)
  for (const allow of [
    { verifiedEmail: true },
    { verifiedEmail: true, hostedDomains: ['acme.test'] },
  ] as const)
    await expect(enters(unverified, { allow })).rejects.toThrow(/not verified/)
})

it('a predicate is asked of those whom the rules let in, and of nobody else', async () => {
  const asked: string[] = []
  const permit = ({ sub }: GoogleUser) => asked.push(sub) > 1
  const allow = { hostedDomains: ['acme.test'] }
  await expect(enters({ ...ada, hd: undefined }, { allow, permit })).rejects.toThrow(AccessDenied)
  expect(asked).toEqual([])
  expect(await enters(ada, { allow, permit })).toBe(false)
  expect(await enters(ada, { permit })).toBe(true)
})
