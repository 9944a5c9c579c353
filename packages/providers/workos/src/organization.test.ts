import type { Login } from '@drawbridge/core/provider'
import { UnsecuredJWT } from 'jose'
import { expect, it } from 'vitest'
import type { WorkOSUser } from './options.ts'
import { withOrganization } from './organization.ts'
import { ACME } from './workos.fixture.ts'

const claims = { sub: 'user_01ADA', email: 'ada@acme.test' }

function organizationOf(access_token: string, more: object = { claims }): unknown {
  const tokens = { access_token, token_type: 'bearer', scopes: [] }
  const login: Partial<Login<WorkOSUser>> = { tokens, ...more }
  return withOrganization(login as Login<WorkOSUser>).claims?.org_id
}

it('is that of the newest access token', () => {
  const token = new UnsecuredJWT({ sub: claims.sub, org_id: ACME }).encode()
  expect(organizationOf(token)).toBe(ACME)
  expect(organizationOf(token, { claims: { ...claims, org_id: 'org_01BEFORE' } })).toBe(ACME)
  expect(organizationOf(token, {})).toBe(ACME)
})

it('is none for somebody who is in none, also after they were in one', () => {
  const token = new UnsecuredJWT({ sub: claims.sub }).encode()
  expect(organizationOf(token, { claims: { ...claims, org_id: ACME } })).toBeUndefined()
})

it('is never taken from a token about somebody else', () => {
  const token = new UnsecuredJWT({ sub: 'user_01EVE', org_id: ACME }).encode()
  expect(() => organizationOf(token)).toThrow(/somebody else/)
})

it('is not known from a token that cannot be read, or of nobody', () => {
  expect(organizationOf('opaque')).toBeUndefined()
  expect(organizationOf('not.a.jwt')).toBeUndefined()
  expect(organizationOf(new UnsecuredJWT({ org_id: ACME }).encode())).toBeUndefined()
})
