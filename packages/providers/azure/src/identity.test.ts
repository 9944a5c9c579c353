import { AccessDenied, type Login } from '@drawbridge/core/provider'
import { providerCall } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { ACME, ADA, CREDENTIALS, INITECH, PERSONAL } from './entra.fixture.ts'
import { type AzureOptions, type AzureUser, azure } from './index.ts'

/** Who it is, by the claims of a checked id_token. */
function identified(claims: object, options: object = {}) {
  const provider = azure({ ...CREDENTIALS, tenant: ACME, ...options } as AzureOptions)
  const call = providerCall({ fetch: () => Promise.reject(new Error('nobody is asked')) })
  const post = () => Promise.reject(new Error('nothing is posted'))
  const said = { sub: 'pairwise', tid: ACME, oid: ADA.oid, ...claims }
  const { token, authorization } = provider.endpoints as Record<'token' | 'authorization', string>
  const login = { claims: said, answer: {}, callback: {}, endpoints: { token, authorization }, call, post }
  const tokens = { access_token: 'a', token_type: 'bearer', scopes: ['openid'] }
  return provider.identify({ ...login, tokens } as Login<AzureUser>)
}

it('an account of another tenant is refused when it is checked again, too, with rules or without', async () => {
  const foreign = { tid: INITECH }
  await expect(identified(foreign)).rejects.toThrow(AccessDenied)
  await expect(identified(foreign, { permit: () => true })).rejects.toThrow(AccessDenied)
  await expect(identified(foreign, { allow: { users: [ADA.oid] } })).rejects.toThrow(AccessDenied)
  await expect(identified({})).resolves.toMatchObject({ sub: `${ACME}.${ADA.oid}` })
})

it('the issuer of another tenant is none, before anybody asks who it is', () => {
  const { issuer } = azure({ ...CREDENTIALS, tenant: ACME })
  if (typeof issuer !== 'function') throw new Error('an issuer for each tenant')
  const of = (tid: string) => issuer({ sub: 'x', tid, iss: `${CREDENTIALS.authority}/${tid}/v2.0` })
  expect(of(ACME)).toBe(`${CREDENTIALS.authority}/${ACME}/v2.0`)
  expect(() => of(INITECH)).toThrow(AccessDenied)
})

it.each([undefined, null, '', '..', 'organizations', '{tenantid}', 7, [ACME], `${ACME}/..`, ` ${ACME}`])(
  'a tenant that is none is refused, where every organization may come: %j',
  async (tid) => {
    for (const tenant of ['organizations', 'common'])
      await expect(identified({ tid }, { tenant, allow: { anyTenant: true } })).rejects.toThrow()
  },
)

it('a personal account is of no organization', async () => {
  const allow = { anyTenant: true }
  const lin = { tid: PERSONAL.toUpperCase() }
  await expect(identified(lin, { tenant: 'organizations', allow })).rejects.toThrow(/Personal/)
  await expect(identified(lin, { tenant: 'common', allow })).resolves.toBeDefined()
})

it.each([true, 'true', 1, [true]])('no address is verified, whatever the token says: %j', async (said) => {
  const seen: unknown[] = []
  const permit = (user: AzureUser) => seen.push(user.email_verified) > 0
  const { claims } = await identified({ email: 'ada@acme.test', email_verified: said }, { permit })
  expect(claims.email_verified).toBe(false)
  expect(seen).toEqual([false])
  expect((await identified({ email_verified: said })).claims).not.toHaveProperty('email_verified')
})

it('is called by what people type to sign in, and never by an id', async () => {
  const none = { preferred_username: undefined, email: undefined, name: undefined }
  expect((await identified({ preferred_username: 'ada@acme.test', email: 'a.l@acme.test' })).account).toBe(
    'ada@acme.test',
  )
  expect((await identified({ ...none, email: 'a.l@acme.test' })).account).toBe('a.l@acme.test')
  expect((await identified({ ...none, emails: ['ada@home.test'] })).account).toBe('ada@home.test')
  expect((await identified({ ...none, upn: 7, name: '' })).account).toBeUndefined()
})

describe('nobody is taken for somebody', () => {
  it.each([undefined, null, '', 'ada', 7, [ADA.oid], { toString: ADA.oid }, `${ADA.oid}.${ADA.oid}`])(
    'by an oid that is none: %j',
    async (oid) => {
      const attempt = identified({ oid })
      await expect(attempt).rejects.toThrow(/does not say who this is/)
      await expect(attempt).rejects.not.toThrow(AccessDenied)
    },
  )

  it('at Azure AD B2C, where a policy may write the same `sub` for everybody', async () => {
    const b2c = { authority: 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in' }
    const everybody = 'Not supported currently. Use oid claim.'
    await expect(identified({ sub: everybody }, b2c)).rejects.toThrow(/does not say who this is.*ObjectID/)
    const ada = { sub: ADA.oid, oid: undefined, tid: undefined }
    await expect(identified(ada, b2c)).resolves.toMatchObject({ sub: `${ACME}.${ADA.oid}` })
  })

  it('by roles and groups that are no lists of texts', async () => {
    for (const odd of ['Operator', { 0: 'Operator', length: 1 }, [['Operator']], null]) {
      await expect(identified({ roles: odd }, { allow: { roles: ['Operator'] } })).rejects.toThrow(
        AccessDenied,
      )
      await expect(identified({ groups: odd }, { allow: { groups: ['Operator'] } })).rejects.toThrow(
        AccessDenied,
      )
    }
    await expect(identified({ roles: ['operator'] }, { allow: { roles: ['Operator'] } })).rejects.toThrow(
      AccessDenied,
    )
    await expect(
      identified({ roles: [7, 'Operator'] }, { allow: { roles: ['Operator'] } }),
    ).resolves.toBeDefined()
  })
})
