import type { OAuthProvider } from '@drawbridge/core/provider'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auth0, clerk, cognito, keycloak, okta } from './index.ts'
import { CREDENTIALS } from './oidc.fixture.ts'

const POOL = 'eu-west-1_AbCdEfGhI'
const sent = (provider: OAuthProvider, again = false) =>
  provider.parameters?.authorize?.({ scopes: [], again })
const asked = ({ scopes }: OAuthProvider) => [...(scopes.hidden ?? []), ...scopes.default]

afterEach(() => vi.unstubAllEnvs())

describe('the environment', () => {
  it.each<[() => OAuthProvider, Record<string, string>, string]>([
    [auth0, { AUTH0_DOMAIN: 'acme.eu.auth0.com' }, 'https://acme.eu.auth0.com/'],
    [okta, { OKTA_DOMAIN: 'acme.okta.com' }, 'https://acme.okta.com'],
    [
      okta,
      { OKTA_DOMAIN: 'acme.okta.com', OKTA_AUTHORIZATION_SERVER: 'aus1' },
      'https://acme.okta.com/oauth2/aus1',
    ],
    [
      keycloak,
      { KEYCLOAK_URL: 'https://sso.test/auth/', KEYCLOAK_REALM: 'a b' },
      'https://sso.test/auth/realms/a%20b',
    ],
    [cognito, { COGNITO_USER_POOL_ID: POOL }, `https://cognito-idp.eu-west-1.amazonaws.com/${POOL}`],
    [clerk, { CLERK_DOMAIN: 'clerk.acme.dev' }, 'https://clerk.acme.dev'],
  ])('%o says where it is and who we are', (make, variables, issuer) => {
    const prefix = Object.keys(variables)[0]?.split('_')[0]
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(`DRAWBRIDGE_${name}`, value)
    vi.stubEnv(`DRAWBRIDGE_${prefix}_CLIENT_ID`, 'env-id')
    vi.stubEnv(`DRAWBRIDGE_${prefix}_CLIENT_SECRET`, 'env-secret')
    expect(make()).toMatchObject({ issuer, client: { id: 'env-id', auth: { secret: 'env-secret' } } })
  })

  it.each<[() => OAuthProvider, RegExp]>([
    [() => auth0(CREDENTIALS), /domain: is missing.*auth0\(\).*DRAWBRIDGE_AUTH0_DOMAIN.*dashboard/],
    [() => okta(CREDENTIALS), /domain: is missing.*DRAWBRIDGE_OKTA_DOMAIN/],
    [() => keycloak(CREDENTIALS), /url: is missing.*DRAWBRIDGE_KEYCLOAK_URL/],
    [() => cognito(CREDENTIALS), /userPoolId: is missing.*DRAWBRIDGE_COGNITO_USER_POOL_ID/],
    [() => clerk({ id: 'our-clerk', ...CREDENTIALS }), /domain: is missing.*DRAWBRIDGE_OUR_CLERK_DOMAIN/],
    [() => auth0({ domain: 'acme.eu.auth0.com' }), /clientId: is missing.*DRAWBRIDGE_AUTH0_CLIENT_ID/],
  ])('is named where something is missing: %o', (make, message) => {
    expect(make).toThrow(message)
  })
})

it.each<[string, () => OAuthProvider, RegExp]>([
  [
    'a URL for a domain',
    () => auth0({ ...CREDENTIALS, domain: 'acme.eu.auth0.com/login' }),
    /domain: .*not a host/,
  ],
  ['plain http', () => okta({ ...CREDENTIALS, domain: 'http://acme.okta.com' }), /domain: .*not https/],
  [
    'an issuer for a server',
    () => okta({ ...CREDENTIALS, domain: 'acme.okta.com', authorizationServer: 'oauth2/default' }),
    /authorizationServer: .*not an id/,
  ],
  [
    'a realm in the URL',
    () => keycloak({ ...CREDENTIALS, url: 'https://sso.test/realms/acme', realm: 'acme' }),
    /url: .*is more than where Keycloak is/,
  ],
  ['what is no pool', () => cognito({ ...CREDENTIALS, userPoolId: 'mypool' }), /userPoolId: .*not the id/],
  [
    'what is no pool, in a region that is none',
    () => cognito({ ...CREDENTIALS, userPoolId: 'x', region: 'evil.test/' }),
    /userPoolId: .*not the id/,
  ],
  [
    'a pool elsewhere',
    () => cognito({ ...CREDENTIALS, userPoolId: POOL, region: 'us-east-1' }),
    /userPoolId: .*not one in us-east-1/,
  ],
  [
    'rules about nobody',
    () => clerk({ ...CREDENTIALS, domain: 'a.test', allow: { organizations: [] } }),
    /names nobody/,
  ],
  [
    'a rule of another',
    () => clerk({ ...CREDENTIALS, domain: 'a.test', allow: { groups: ['a'] } as never }),
    /allow.groups/,
  ],
  [
    'an option that there is not',
    () => auth0({ ...CREDENTIALS, domain: 'a.test', realm: 'a' } as never),
    /realm: there is no/,
  ],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(message)
})

describe('auth0', () => {
  const made = (options: object) => auth0({ ...CREDENTIALS, domain: 'acme.eu.auth0.com', ...options })

  it('asks for the audience of an API, and for the one organization that may enter', () => {
    expect(sent(made({}))).toEqual({})
    expect(sent(made({ audience: 'https://api.acme.dev' }))).toEqual({ audience: 'https://api.acme.dev' })
    const allow = { organizations: ['org_a'] }
    expect(sent(made({ allow }))).toEqual({ organization: 'org_a' })
    expect(sent(made({ allow: { organizations: ['org_a', 'org_b'] } }))).toEqual({})
    expect(sent(made({ allow, parameters: { organization: 'org_b' } }))).toEqual({ organization: 'org_b' })
  })
})

describe('okta', () => {
  const made = (options: object) =>
    okta({ ...CREDENTIALS, domain: 'acme.okta.com', allow: { groups: ['Engineering'] }, ...options })

  it('asks for groups where Okta has defined the scope', () => {
    expect(asked(made({}))).toContain('groups')
    expect(made({}).scopes.descriptions).toHaveProperty('groups')
    expect(asked(made({ authorizationServer: 'default' }))).not.toContain('groups')
    expect(asked(made({ allow: { emailDomains: ['acme.dev'] } }))).not.toContain('groups')
  })
})

describe('cognito', () => {
  const made = (options: object) => cognito({ ...CREDENTIALS, userPoolId: POOL, ...options })

  it('has its endpoints at the domain, which single ones may leave', () => {
    const endpoints = made({
      domain: 'login.acme.dev',
      endpoints: { token: 'https://inside.acme.dev/token' },
    }).endpoints
    expect(endpoints).toEqual({
      authorization: 'https://login.acme.dev/oauth2/authorize',
      token: 'https://inside.acme.dev/token',
      userinfo: 'https://login.acme.dev/oauth2/userInfo',
      revocation: 'https://login.acme.dev/oauth2/revoke',
      jwks: `https://cognito-idp.eu-west-1.amazonaws.com/${POOL}/.well-known/jwks.json`,
    })
    expect(made({}).endpoints).toEqual({})
  })
})

it('what brings a refresh token is asked for, and never shown to clients', () => {
  for (const provider of [
    auth0({ ...CREDENTIALS, domain: 'a.test' }),
    okta({ ...CREDENTIALS, domain: 'a.test' }),
    keycloak({ ...CREDENTIALS, url: 'https://a.test', realm: 'a' }),
    clerk({ ...CREDENTIALS, domain: 'a.test' }),
  ]) {
    expect(provider.scopes.hidden, provider.id).toEqual(['offline_access'])
    expect(sent(provider, true), provider.id).toEqual({ prompt: 'consent' })
  }
  const none = cognito({ ...CREDENTIALS, userPoolId: POOL })
  expect(asked(none)).toEqual(['openid', 'profile', 'email'])
})

it('what a client asks of the person goes as far as the provider documents it, or as the operator knows', () => {
  const all = {
    auth0: auth0({ ...CREDENTIALS, domain: 'a.test' }),
    okta: okta({ ...CREDENTIALS, domain: 'a.test' }),
    keycloak: keycloak({ ...CREDENTIALS, url: 'https://a.test', realm: 'a' }),
    cognito: cognito({ ...CREDENTIALS, userPoolId: POOL }),
    clerk: clerk({ ...CREDENTIALS, domain: 'a.test' }),
    managed: cognito({ ...CREDENTIALS, userPoolId: POOL, prompts: ['login', 'select_account', 'none'] }),
  }
  expect(Object.fromEntries(Object.entries(all).map(([name, { prompts }]) => [name, prompts]))).toEqual({
    auth0: ['login', 'none'],
    okta: ['login', 'none'],
    keycloak: ['login', 'none'],
    cognito: ['login'],
    clerk: [],
    managed: ['login', 'select_account', 'none'],
  })
})

it('every fact can be overruled', () => {
  const given = {
    id: 'staff',
    label: 'Staff',
    tokens: 'per-user',
    revocation: 'none',
    clientAuth: { method: 'none' },
  } as const
  const { clientAuth, ...facts } = given
  for (const provider of [
    auth0({ ...given, clientId: 'x', domain: 'a.test' }),
    okta({ ...given, clientId: 'x', domain: 'a.test' }),
    keycloak({ ...given, clientId: 'x', url: 'https://a.test', realm: 'a' }),
    cognito({ ...given, clientId: 'x', userPoolId: POOL }),
    clerk({ ...given, clientId: 'x', domain: 'a.test' }),
  ]) {
    expect(provider).toMatchObject({ ...facts, client: { id: 'x', auth: clientAuth } })
  }
})
