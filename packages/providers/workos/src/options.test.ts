import { ConfigurationError } from '@drawbridge/core/provider'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type WorkOSOptions, workos } from './index.ts'
import { ACME, CREDENTIALS, ISSUER } from './workos.fixture.ts'

const made = (options: WorkOSOptions) => workos({ ...CREDENTIALS, domain: ISSUER, ...options })

afterEach(() => vi.unstubAllEnvs())

describe('the environment', () => {
  it('says where AuthKit is and who we are, unless the options do', () => {
    vi.stubEnv('DRAWBRIDGE_WORKOS_DOMAIN', 'env.authkit.app')
    vi.stubEnv('DRAWBRIDGE_WORKOS_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_WORKOS_CLIENT_SECRET', 'env-secret')
    expect(workos()).toMatchObject({
      id: 'workos',
      label: 'WorkOS',
      issuer: 'https://env.authkit.app',
      client: { id: 'env-id', auth: { method: 'client_secret_post', secret: 'env-secret' } },
    })
    expect(made({})).toMatchObject({ issuer: ISSUER, client: { id: 'dev-client' } })
  })

  it('has variables for each id', () => {
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_DOMAIN', 'staff.authkit.app')
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_CLIENT_ID', 'staff')
    vi.stubEnv('DRAWBRIDGE_OUR_STAFF_CLIENT_SECRET', 'secret')
    expect(workos({ id: 'our-staff' })).toMatchObject({
      issuer: 'https://staff.authkit.app',
      client: { id: 'staff' },
    })
  })

  it('is named where something is missing', () => {
    const missing = () => workos(CREDENTIALS)
    expect(missing).toThrow(ConfigurationError)
    expect(missing).toThrow(/domain: is missing.*workos\(\).*DRAWBRIDGE_WORKOS_DOMAIN/)
    expect(() => workos({ domain: ISSUER })).toThrow(/clientId: is missing.*DRAWBRIDGE_WORKOS_CLIENT_ID/)
  })
})

describe('domain', () => {
  it.each([
    ['acme.authkit.app', 'https://acme.authkit.app'],
    ['https://login.acme.dev/', 'https://login.acme.dev'],
    ['http://localhost:4000', 'http://localhost:4000'],
  ])('%s is the issuer %s', (domain, issuer) => {
    expect(made({ domain }).issuer).toBe(issuer)
  })

  it.each(['http://acme.authkit.app', 'acme.authkit.app/oauth2', 'not a host'])('%s is refused', (domain) => {
    expect(() => made({ domain })).toThrow(/domain: .*acme\.authkit\.app/)
  })
})

it('refuses what would do nothing, or harm', () => {
  for (const allow of [{}, { organizations: [] }, { organizations: [], emails: [] }]) {
    expect(() => made({ allow })).toThrow(/allow: names nobody/)
  }
  expect(() => made({ allow: { organizations: [''] } })).toThrow(/allow.organizations/)
  expect(() => made({ allow: { emailDomains: ['@acme.dev'] } })).toThrow(/allow.emailDomains/)
  expect(() => made({ allow: { organization: [ACME] } as never })).toThrow(/"organizations"/)
  expect(() => made({ clientAuth: 'secret' as never })).toThrow(/clientAuth/)
  expect(() => made({ issuer: ISSUER } as never)).toThrow(/no such option of workos/)
})

describe('scopes', () => {
  it('bring a refresh token, which clients need not know about', () => {
    expect(made({}).scopes).toMatchObject({
      default: ['openid', 'email', 'profile'],
      hidden: ['offline_access'],
    })
    expect(made({ scopes: ['openid', 'offline_access', 'files:read'] }).scopes).toMatchObject({
      default: ['openid', 'files:read'],
      hidden: ['offline_access'],
    })
  })

  it('have the address that rules are about', () => {
    const allow = { emailDomains: ['acme.dev'] }
    expect(made({ scopes: ['openid'], allow }).scopes.default).toEqual(['openid', 'email'])
  })
})

it('hands on what a client wants of the person, and what the operator wants sent', () => {
  const sent = (options: WorkOSOptions) =>
    made(options).parameters?.authorize?.({
      scopes: [],
      again: false,
      prompt: 'select_account',
      login_hint: 'ada',
    })
  expect(sent({})).toEqual({ prompt: 'select_account', login_hint: 'ada' })
  const parameters = { prompt: 'consent', screen_hint: 'sign-up' }
  expect(sent({ parameters })).toEqual({ ...parameters, prompt: 'select_account', login_hint: 'ada' })
})

it('keeps the rest as it is given', () => {
  const given = { id: 'acme', label: 'Acme', endpoints: { token: 'https://inside.acme.dev/token' } }
  expect(made(given)).toMatchObject({ ...given, tokens: 'per-login', revocation: 'none' })
  expect(made({ clientAuth: 'client_secret_basic' }).client.auth.method).toBe('client_secret_basic')
  expect(made({ clientAuth: { method: 'none' } }).client.auth).toEqual({ method: 'none' })
})

it('does nothing of `prompt` that is documented; the operator may know better', () => {
  expect(made({}).prompts).toEqual([])
  expect(made({ prompts: ['select_account'] }).prompts).toEqual(['select_account'])
})
