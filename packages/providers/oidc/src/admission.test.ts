import { AccessDenied, type Login, permitting } from '@drawbridge/core/provider'
import { providerCall } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { admit } from './admission.ts'
import { oidc, okta } from './index.ts'
import { CREDENTIALS } from './oidc.fixture.ts'
import type { OidcOptions, OidcUser } from './options.ts'

const ada = { sub: 'ada', email: 'ada@acme.test', email_verified: true }
const enters = (claims: object, options: OidcOptions) =>
  permitting(options, admit)({ ...ada, ...claims } as OidcUser)

it.each<[string, OidcOptions['allow']]>([
  ['a domain', { emailDomains: ['ACME.test'] }],
  ['an address', { emails: ['Ada@acme.test'] }],
  ['one of both', { emails: ['lin@other.test'], emailDomains: ['acme.test'] }],
  ['a verified address', { verifiedEmail: true }],
  ['no rule', undefined],
])('%s lets in who matches', async (_, allow) => {
  expect(await enters({}, { allow })).toBe(true)
})

it.each([
  ['an address that is not verified', { email_verified: false }],
  ['one of which nothing is said', { email_verified: undefined }],
  ['no address', { email: undefined }],
])('every rule refuses %s', async (_, claims) => {
  for (const allow of [
    { emailDomains: ['acme.test'] },
    { emails: ['ada@acme.test'] },
    { verifiedEmail: true },
  ] as const)
    await expect(enters(claims, { allow })).rejects.toThrow(AccessDenied)
})

it.each([
  'eve@sub.acme.test',
  'eve@evilacme.test',
  'eve@acme.test.evil.test',
  'eve@acme.test@evil.test',
  '"eve@acme.test"@evil.test',
  'eve@evil.test@acme.test',
  'eve@evil.test, ada@acme.test',
  'acme.test',
  '@acme.test',
])('a domain is no part of another: %s', async (email) => {
  const allow = { emailDomains: ['acme.test'] }
  await expect(enters({ email }, { allow })).rejects.toThrow(AccessDenied)
})

it('a predicate is asked of those whom the rules let in, and of nobody else', async () => {
  const asked: string[] = []
  const permit = ({ sub }: OidcUser) => asked.push(sub) > 1
  const allow = { emailDomains: ['acme.test'] }
  await expect(enters({ email: 'eve@evil.test' }, { allow, permit })).rejects.toThrow(AccessDenied)
  expect(asked).toEqual([])
  expect(await enters({}, { allow, permit })).toBe(false)
  expect(await enters({}, { permit })).toBe(true)
})

it.each([
  ['whether an address is verified', oidc, { issuer: 'https://acme.test' }, { emailDomains: ['acme.test'] }],
  ['the groups of somebody', okta, { domain: 'acme.test' }, { groups: ['staff'] }],
])('userinfo is asked for what rules are about: %s', async (_, make, where, allow) => {
  const asked: string[] = []
  const call = providerCall({
    fetch: async ({ url }) => {
      asked.push(url)
      return Response.json({ ...ada, groups: ['staff'] })
    },
  })
  const post = () => Promise.reject(new Error('nothing is posted'))
  const said = { sub: 'ada', name: 'Ada', email: ada.email, iat: Math.floor(Date.now() / 1000) }
  const signedIn = (options: object, claims: object = {}) => {
    const tokens = { access_token: 'a', token_type: 'bearer', scopes: [] }
    const endpoints = { authorization: '', token: '', userinfo: 'https://acme.test/userinfo' }
    const login = { tokens, claims: { ...said, ...claims }, answer: {}, callback: {}, endpoints, call, post }
    return make({ ...CREDENTIALS, ...where, ...options }).identify(login as Login<OidcUser>)
  }
  await expect(signedIn({ allow })).resolves.toBeDefined()
  expect(asked).toHaveLength(1)
  await signedIn({})
  await signedIn({ allow }, { email_verified: true, groups: ['staff'] })
  expect(asked).toHaveLength(1)
})
