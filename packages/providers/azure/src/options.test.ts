import { ConfigurationError } from '@drawbridge/core/provider'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ACME, CREDENTIALS, GRAPH, INITECH } from './entra.fixture.ts'
import { type AzureOptions, azure } from './index.ts'

const made = (options: Record<string, unknown>) =>
  azure({ ...CREDENTIALS, tenant: ACME, ...options } as AzureOptions)

afterEach(() => vi.unstubAllEnvs())

describe('credentials', () => {
  it('come from the options, else from the environment', () => {
    vi.stubEnv('DRAWBRIDGE_AZURE_TENANT', ACME)
    vi.stubEnv('DRAWBRIDGE_AZURE_AUTHORITY', 'https://login.microsoftonline.us')
    vi.stubEnv('DRAWBRIDGE_AZURE_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_AZURE_CLIENT_SECRET', 'env-secret')
    const { client, endpoints } = azure()
    expect(client).toEqual({ id: 'env-id', auth: { method: 'client_secret_post', secret: 'env-secret' } })
    expect(endpoints.token).toBe(`https://login.microsoftonline.us/${ACME}/oauth2/v2.0/token`)
    const { endpoints: written } = made({ tenant: INITECH, clientAuth: 'client_secret_basic' })
    expect(written.token).toBe(`${CREDENTIALS.authority}/${INITECH}/oauth2/v2.0/token`)
  })

  it('have variables of their own under another id', () => {
    vi.stubEnv('DRAWBRIDGE_AZURE_STAFF_TENANT', ACME)
    vi.stubEnv('DRAWBRIDGE_AZURE_STAFF_CLIENT_ID', 'staff')
    vi.stubEnv('DRAWBRIDGE_AZURE_STAFF_CLIENT_SECRET', 'staff-secret')
    expect(azure({ id: 'azure-staff' }).client.id).toBe('staff')
  })

  it('are asked for by both names', () => {
    vi.stubEnv('DRAWBRIDGE_AZURE_TENANT', '')
    vi.stubEnv('DRAWBRIDGE_AZURE_CLIENT_ID', '')
    vi.stubEnv('DRAWBRIDGE_AZURE_CLIENT_SECRET', '')
    expect(() => azure()).toThrow(ConfigurationError)
    expect(() => azure()).toThrow(/tenant.*azure\(\).*DRAWBRIDGE_AZURE_TENANT/)
    expect(() => azure({ tenant: ACME })).toThrow(/clientId.*DRAWBRIDGE_AZURE_CLIENT_ID/)
    expect(() => azure({ tenant: ACME, clientId: 'id' })).toThrow(
      /clientSecret.*DRAWBRIDGE_AZURE_CLIENT_SECRET; the value is the "Value" of a client secret/,
    )
  })

  it('are a secret or what takes its place', () => {
    const clientAuth = { method: 'assertion', assertion: async () => 'jwt' } as const
    expect(azure({ clientId: 'id', tenant: ACME, clientAuth }).client.auth).toBe(clientAuth)
    expect(() => made({ clientAuth })).toThrow(/clientSecret.*clientAuth: assertion/)
    // @ts-expect-error one of them
    const both = () => azure({ tenant: ACME, clientId: 'id', clientSecret: 'secret', clientAuth })
    expect(both).toThrow(ConfigurationError)
    expect(() => made({ clientAuth: 'secret' })).toThrow(/clientAuth/)
  })
})

describe('the tenant', () => {
  it.each<[options: Record<string, unknown>, message: RegExp]>([
    [{ tenant: 'organizations' }, /allow.tenants: is missing.*anyTenant/],
    [{ tenant: 'common' }, /allow.tenants: is missing/],
    [{ tenant: 'common', allow: { roles: ['Operator'] } }, /allow.tenants: is missing/],
    [{ tenant: 'common', allow: { tenants: [] } }, /allow: names nobody/],
    [{ tenant: 'common', allow: { tenants: [], roles: ['Operator'] } }, /allow.tenants: is empty/],
    [{ tenant: 'acme.dev' }, /tenant: is the domain "acme.dev".*GUID/],
    [{ tenant: 'acme.dev', allow: { anyTenant: true } }, /tenant: is the domain/],
    [{ tenant: 'acme' }, /tenant: is "acme".*GUID/],
    [{ tenant: `${ACME}/..` }, /tenant: is/],
    [{ allow: { tenants: [INITECH] } }, /allow.tenants: is there.*organizations/],
    [{ tenant: 'consumers', allow: { anyTenant: true } }, /allow.anyTenant: is there/],
    [{ tenant: 'common', allow: { tenants: ['acme.dev'] } }, /allow.tenants: holds "acme.dev".*GUID/],
    [
      { tenant: 'common', allow: { anyTenant: true, roles: ['Operator'] } },
      /allow.anyTenant: is there with roles/,
    ],
    [{ tenant: 'common', allow: { anyTenant: false } }, /allow.anyTenant: is false/],
    [{ allow: {} }, /allow: names nobody/],
    [{ allow: { membersOnly: true, roles: [] } }, /allow.roles: is empty/],
    [{ tenant: 'common', allow: { tenants: [ACME], groups: [] } }, /allow.groups: is empty/],
    [{ allow: { emails: ['ada@acme.dev'] } }, /allow.emails: there is no such option/],
  ])('never means everybody by mistake: %j', (options, message) => {
    expect(() => made(options)).toThrow(ConfigurationError)
    expect(() => made(options)).toThrow(message)
  })

  it('does not compile where anybody could give the role', () => {
    // @ts-expect-error roles are of tenants that are named
    const options: AzureOptions = { tenant: 'common', allow: { anyTenant: true, roles: ['Operator'] } }
    expect(() => made({ ...options })).toThrow(ConfigurationError)
  })

  it('may be a domain where its id is named', () => {
    expect(made({ tenant: 'acme.dev', allow: { tenants: [ACME] } }).endpoints.token).toContain('/acme.dev/')
  })
})

describe('the authority', () => {
  it.each([
    ['http://login.microsoftonline.com', /authority.*https/],
    ['login.microsoftonline.com', /authority/],
    [`https://login.microsoftonline.com/${ACME}`, /authority.*has a path.*Put ".*" into `tenant`/],
    ['https://login.microsoftonline.com?x=1', /authority.*has a query/],
    ['https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in/v2.0', /authority.*has a path/],
  ])('is an origin, or a policy: %s', (authority, message) => {
    expect(() => made({ authority })).toThrow(message)
  })

  it('of a policy wants the id of its tenant, and has no other API', () => {
    const authority = 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in'
    expect(() => made({ authority, tenant: 'organizations', allow: { anyTenant: true } })).toThrow(
      /tenant: is/,
    )
    expect(() => made({ authority, graph: { fields: ['id'] } })).toThrow(/graph.*Azure AD B2C/)
    expect(() => made({ authority, scopes: ['read'], onBehalfOf: [`${GRAPH}/x`] })).toThrow(
      /onBehalfOf.*Azure AD B2C/,
    )
    expect(made({ authority }).exchange).toBeUndefined()
  })
})

it('graph names properties', () => {
  for (const fields of [[], ['a,b'], ['$select'], undefined, 'department'])
    expect(() => made({ graph: { fields } }), String(fields)).toThrow(/graph.fields/)
})

it('keeps the rest as it is given', () => {
  const given = { id: 'acme', label: 'Acme', tokens: undefined }
  expect(made({ id: 'acme', label: 'Acme' })).toMatchObject({
    id: given.id,
    label: given.label,
    tokens: 'per-login',
    revocation: 'none',
  })
  const parameters = { domain_hint: 'acme.dev' }
  const request = { scopes: [], again: false, prompt: 'select_account', login_hint: 'ada' } as const
  expect(made({ parameters }).parameters?.authorize?.(request)).toEqual({
    prompt: 'select_account',
    login_hint: 'ada',
    ...parameters,
  })
  expect(() => made({ tenants: [ACME] })).toThrow(/no such option of azure.*tenant/)
})

describe('what it does of `prompt`', () => {
  const sent = (options: Record<string, unknown>, prompt: 'login' | 'select_account') =>
    made(options).parameters?.authorize?.({ scopes: [], again: false, prompt })

  it('is no new sign-in, which its id_tokens would not show, unless the operator says that they do', () => {
    expect(made({}).prompts).toEqual(['select_account', 'none'])
    const prompts = ['login'] as const
    expect(made({ prompts }).prompts).toEqual(prompts)
  })

  it('never goes with max_age, which would shorten the life of its tokens', () => {
    expect(sent({ parameters: { domain_hint: 'acme.dev' } }, 'login')).toEqual({
      prompt: 'login',
      domain_hint: 'acme.dev',
    })
  })

  it('is nothing that is documented at Azure AD B2C', () => {
    const tenant = 'ac3e0000-0000-4000-8000-000000000001'
    const authority = 'https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_in'
    expect(made({ tenant, authority }).prompts).toEqual([])
  })
})
