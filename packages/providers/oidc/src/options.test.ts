import { afterEach, describe, expect, it, vi } from 'vitest'
import { type OidcOptions, oidc } from './index.ts'
import { CREDENTIALS, ORIGIN } from './oidc.fixture.ts'

const made = (options: OidcOptions) => oidc({ ...CREDENTIALS, issuer: ORIGIN, ...options })

afterEach(() => vi.unstubAllEnvs())

describe('the environment', () => {
  it('says where the provider is and who we are, unless the options do', () => {
    vi.stubEnv('DRAWBRIDGE_OIDC_ISSUER', 'https://env.test')
    vi.stubEnv('DRAWBRIDGE_OIDC_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_OIDC_CLIENT_SECRET', 'env-secret')
    expect(oidc()).toMatchObject({
      id: 'oidc',
      label: 'env.test',
      issuer: 'https://env.test',
      client: { id: 'env-id', auth: { method: 'client_secret_basic', secret: 'env-secret' } },
    })
    expect(made({})).toMatchObject({ issuer: ORIGIN, client: { id: 'dev-client' } })
  })

  it('has variables for each id', () => {
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_ISSUER', 'https://staff.test')
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_CLIENT_ID', 'staff')
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_CLIENT_SECRET', 'secret')
    expect(oidc({ id: 'our-staff' })).toMatchObject({ issuer: 'https://staff.test', client: { id: 'staff' } })
  })

  it('is named where something is missing', () => {
    expect(() => oidc(CREDENTIALS)).toThrow(/issuer: is missing.*oidc\(\).*DRAWBRIDGE_OIDC_ISSUER/)
    expect(() => oidc({ issuer: ORIGIN })).toThrow(
      /clientId: is missing.*oidc\(\).*DRAWBRIDGE_OIDC_CLIENT_ID/,
    )
  })
})

it('refuses what would do nothing, or harm', () => {
  expect(() => made({ issuer: 'http://login.acme.dev' })).toThrow(/issuer: .*is not https/)
  expect(() => made({ issuer: 'login.acme.dev' })).toThrow(/issuer/)
  expect(() => made({ allow: {} })).toThrow(/allow: names nobody/)
  expect(() => made({ allow: { emailDomain: ['acme.dev'] } as never })).toThrow(/"emailDomains"/)
  expect(() => made({ clientAuth: 'secret' as never })).toThrow(/clientAuth/)
})

describe('scopes', () => {
  it('always have the address that rules are about, and never show offline_access', () => {
    const scopes = ['openid', 'offline_access']
    expect(made({ scopes }).scopes).toMatchObject({ default: ['openid'], hidden: ['offline_access'] })
    const allow = { emailDomains: ['acme.dev'] }
    expect(made({ scopes, allow }).scopes.default).toEqual(['openid', 'email'])
  })
})

it('what is asked for is asked for, with a consent where only that brings a refresh token', () => {
  const sent = (options: OidcOptions, again: boolean) =>
    made(options).parameters?.authorize?.({ scopes: [], again })
  const parameters = { audience: 'api', prompt: 'select_account' }
  expect(sent({ parameters }, false)).toEqual(parameters)
  expect(sent({ parameters }, true)).toEqual(parameters)
  const scopes = ['openid', 'offline_access']
  expect(sent({ parameters, scopes }, true)).toEqual({ ...parameters, prompt: 'consent' })
})

it('hands on what is special about a provider', () => {
  const endpoints = { token: 'https://inside.acme.dev/token' }
  const given = { id: 'acme', label: 'Acme', tokens: 'per-user', revocation: 'user', endpoints } as const
  expect(made(given)).toMatchObject(given)
  expect(made({ clientAuth: { method: 'none' } }).client.auth).toEqual({ method: 'none' })
  expect(oidc({ issuer: ORIGIN, clientId: 'id', clientAuth: { method: 'none' } }).client.id).toBe('id')
})
