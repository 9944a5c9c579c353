import { AccessDenied, permitting } from '@drawbridge/core/provider'
import { describe, expect, it } from 'vitest'
import { admit } from './admission.ts'
import type { WorkOSAllow, WorkOSOptions, WorkOSUser } from './options.ts'
import { ACME, OTHER } from './workos.fixture.ts'

const ada = { sub: 'user_01ADA', email: 'ada@acme.test', email_verified: true, org_id: ACME }
const enters = (claims: object, options: WorkOSOptions) =>
  permitting(options, admit)({ ...ada, ...claims } as WorkOSUser)

describe('organizations', () => {
  const allow = { organizations: [OTHER, ACME] }

  it('let in their members', async () => {
    expect(await enters({}, { allow })).toBe(true)
    expect(await enters({ org_id: OTHER, email: undefined }, { allow })).toBe(true)
  })

  it.each([
    ['nobody of another', { org_id: 'org_01EVIL' }],
    ['nobody of none, whatever their address', { org_id: undefined }],
    ['nobody whose organization only looks alike', { org_id: ACME.toUpperCase() }],
    ['no claim that is no text', { org_id: [ACME] }],
  ])('let in %s', async (_, claims) => {
    await expect(enters(claims, { allow })).rejects.toThrow(/organization that has access/)
    await expect(enters(claims, { allow })).rejects.toThrow(AccessDenied)
  })
})

describe('addresses', () => {
  it.each<[string, WorkOSAllow]>([
    ['a domain', { emailDomains: ['ACME.test'] }],
    ['an address', { emails: ['Ada@acme.test'] }],
    [
      'one rule of several',
      { emails: ['lin@other.test'], organizations: [OTHER], emailDomains: ['acme.test'] },
    ],
    ['a verified address', { verifiedEmail: true }],
  ])('%s lets in who matches', async (_, allow) => {
    expect(await enters({ org_id: undefined }, { allow })).toBe(true)
  })

  it.each([
    ['one that is not verified', { email_verified: false }],
    ['one of which nothing is said', { email_verified: undefined }],
    ['none', { email: undefined }],
    ['one below the domain', { email: 'eve@sub.acme.test' }],
    ['one at a domain that ends alike', { email: 'eve@evilacme.test' }],
    ['one with two domains', { email: 'eve@acme.test@evil.test' }],
  ])('refuse %s', async (_, claims) => {
    for (const allow of [{ emailDomains: ['acme.test'] }, { emails: ['ada@acme.test'] }]) {
      await expect(enters(claims, { allow })).rejects.toThrow(/no access here/)
    }
  })

  it('have to be verified on top of every other rule, where that is asked for', async () => {
    for (const allow of [{ verifiedEmail: true }, { verifiedEmail: true, organizations: [ACME] }] as const)
      await expect(enters({ email_verified: false }, { allow })).rejects.toThrow(/not verified/)
  })
})

it('a predicate is asked of those whom the rules let in, and of nobody else', async () => {
  const asked: unknown[] = []
  const permit = ({ org_id }: WorkOSUser) => asked.push(org_id) > 1
  const allow = { organizations: [ACME] }
  await expect(enters({ org_id: OTHER }, { allow, permit })).rejects.toThrow(AccessDenied)
  expect(asked).toEqual([])
  expect(await enters({}, { allow, permit })).toBe(false)
  expect(await enters({}, { permit })).toBe(true)
})
