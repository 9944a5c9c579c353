import { ConfigurationError } from '@drawbridge/core/provider'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CREDENTIALS } from './google.fixture.ts'
import { type GoogleOptions, google } from './index.ts'

const made = (options: GoogleOptions) => google({ ...CREDENTIALS, ...options })

afterEach(() => vi.unstubAllEnvs())

describe('credentials', () => {
  it('come from the options, else from the environment', () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_CLIENT_ID', 'env-id')
    vi.stubEnv('DRAWBRIDGE_GOOGLE_CLIENT_SECRET', 'env-secret')
    expect(google().client).toEqual({
      id: 'env-id',
      auth: { method: 'client_secret_post', secret: 'env-secret' },
    })
    expect(made({ clientAuth: 'client_secret_basic' }).client).toEqual({
      id: 'dev-client',
      auth: { method: 'client_secret_basic', secret: 'dev-secret' },
    })
  })

  it('have variables of their own under another id', () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_STAFF_CLIENT_ID', 'staff')
    vi.stubEnv('DRAWBRIDGE_GOOGLE_STAFF_CLIENT_SECRET', 'staff-secret')
    expect(google({ id: 'google-staff' }).client.id).toBe('staff')
  })

  it('are asked for by both names', () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_CLIENT_ID', '')
    const missing = () => google({ clientSecret: 'secret' })
    expect(missing).toThrow(ConfigurationError)
    expect(missing).toThrow(/clientId.*google\(\).*DRAWBRIDGE_GOOGLE_CLIENT_ID/)
    expect(() => google({ clientId: 'id' })).toThrow(/clientSecret.*DRAWBRIDGE_GOOGLE_CLIENT_SECRET/)
  })
})

describe('issuer', () => {
  it('may come from the environment, each id having its own', () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_ISSUER', 'http://localhost:4000')
    expect(made({}).issuer).toBe('http://localhost:4000')
    expect(made({ issuer: 'https://google.test' }).issuer).toBe('https://google.test')
    expect(made({ id: 'google-staff' }).issuer).toBe('https://accounts.google.com')
  })

  it('is secure, wherever it comes from', () => {
    vi.stubEnv('DRAWBRIDGE_GOOGLE_ISSUER', 'http://google.test')
    expect(() => made({})).toThrow(/issuer: .*is not https/)
  })
})

describe('allow', () => {
  it('never means everybody by mistake', () => {
    for (const allow of [{}, { hostedDomains: [] }, { hostedDomains: [], emails: [] }]) {
      expect(() => made({ allow })).toThrow(/allow: names nobody/)
    }
    const allow = { hostedDomains: ['acme.dev'], verifiedEmail: false as never }
    expect(() => made({ allow })).toThrow(/allow.verifiedEmail: is false/)
  })

  it('refuses what cannot match', () => {
    for (const domain of ['acme', '@acme.dev', 'https://acme.dev', '*.acme.dev', '']) {
      expect(() => made({ allow: { hostedDomains: [domain] } }), domain).toThrow(/allow.hostedDomains/)
    }
    const wrong = () => made({ allow: { emails: ['ada@acme.dev', 'acme.dev'] } })
    expect(wrong).toThrow(/allow.emails: holds what is no address/)
    expect(wrong).not.toThrow(/ada@/)
  })

  it('asks for the address that its rules are about', () => {
    const allow = { hostedDomains: ['acme.dev'] }
    expect(made({ scopes: ['openid'], allow }).scopes.default).toEqual(['openid', 'email'])
    expect(made({ scopes: ['openid'] }).scopes.default).toEqual(['openid'])
    expect(made({ allow }).scopes.default).toEqual(['openid', 'email', 'profile'])
  })
})

describe('what is asked of Google', () => {
  const sent = (
    options: GoogleOptions,
    asked: { prompt?: 'none' | 'select_account'; again?: boolean } = {},
  ) => made(options).parameters?.authorize?.({ scopes: [], again: false, ...asked })

  it('brings a refresh token, at the latest when it is asked again', () => {
    expect(sent({})).toEqual({ access_type: 'offline' })
    expect(sent({}, { again: true })).toEqual({ access_type: 'offline', prompt: 'consent' })
    const parameters = { prompt: 'select_account' }
    expect(sent({ parameters })).toEqual({ access_type: 'offline', prompt: 'select_account' })
    expect(sent({ parameters }, { again: true })).toEqual({ access_type: 'offline', prompt: 'consent' })
  })

  it('is not asked twice for what the operator does not want', () => {
    const online = { parameters: { access_type: 'online' } }
    expect(sent(online, { again: true })).toEqual(sent(online))
  })

  it('has people choose among their accounts, or asks nothing; it says that Google has no prompt=login', () => {
    for (const prompt of ['select_account', 'none'] as const) {
      expect(sent({}, { prompt })).toMatchObject({ prompt })
    }
    expect(made({}).prompts).toEqual(['select_account', 'none'])
    const parameters = { prompt: 'consent' }
    expect(sent({ parameters }, { prompt: 'none' })).toMatchObject({ prompt: 'none' })
  })

  it('passes on whom the client expects', () => {
    const request = { scopes: [], again: false, login_hint: 'ada@acme.dev' }
    expect(made({}).parameters?.authorize?.(request)).toMatchObject({ login_hint: 'ada@acme.dev' })
  })

  it('hints at the accounts that may enter, where it can', () => {
    const hd = (allow: GoogleOptions['allow']) => sent({ allow })?.hd
    expect(hd({ hostedDomains: ['acme.dev'] })).toBe('acme.dev')
    expect(hd({ hostedDomains: ['acme.dev', 'acme.test'] })).toBe('*')
    expect(hd({ hostedDomains: ['acme.dev'], emails: ['ada@gmail.com'] })).toBeUndefined()
    expect(hd({ verifiedEmail: true })).toBeUndefined()
  })
})

it('keeps the rest as it is given', () => {
  const given = { id: 'acme', label: 'Acme', endpoints: { token: 'https://inside.acme.dev/token' } }
  expect(made(given)).toMatchObject({ ...given, issuer: 'https://accounts.google.com' })
  expect(() => made({ issuer: 'http://accounts.google.com' })).toThrow(/issuer/)
  expect(() => made({ clientAuth: 'secret' as never })).toThrow(/clientAuth/)
  expect(() => made({ hostedDomain: 'acme.dev' } as never)).toThrow(/no such option of google/)
})
