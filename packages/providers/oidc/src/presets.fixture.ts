import type { OAuthProvider } from '@drawbridge/core/provider'
import {
  type DevOidc,
  type DevOidcOptions,
  type DevOidcUser,
  devOidc,
  type Handler,
} from '@drawbridge/testing'
import { auth0, clerk, cognito, keycloak, okta } from './index.ts'
import { CREDENTIALS } from './oidc.fixture.ts'

/** What stands in for a provider that there is a preset of. */
export interface StandIn {
  name: string
  /** With a rule in the provider's own terms, which Mallory does not meet. */
  made(options?: object): OAuthProvider<unknown>
  issuer: string
  /** Origins that it answers at; first that of its endpoints. */
  origins: readonly [string, ...string[]]
  /** What is different about it, from its documentation. */
  truth: DevOidcOptions
  /** What is said of whoever may enter, and of Mallory. */
  member: object
  refused: object
}

const person = (sub: string, name: string, more: object): DevOidcUser => ({
  sub,
  name,
  email: `${sub}@acme.test`,
  email_verified: true,
  ...more,
})

export function usersOf({ member, refused }: StandIn): DevOidcUser[] {
  return [
    person('ada', 'Ada', member),
    person('grace', 'Grace', member),
    person('mallory', 'Mallory', refused),
  ]
}

/** The stand-in, and where it answers. */
export function started(
  standIn: StandIn,
  more: DevOidcOptions = {},
): { dev: DevOidc; network: Record<string, Handler> } {
  const { issuer, truth } = standIn
  const names = { issuer: () => issuer, issuerOf: () => issuer }
  const dev = devOidc({ users: usersOf(standIn), algorithm: 'RS256', ...names, ...truth, ...more })
  return { dev, network: Object.fromEntries(standIn.origins.map((origin) => [origin, dev.fetch])) }
}

const withOffline = ({ scope = '' }: Readonly<Record<string, string>>) =>
  scope.split(' ').includes('offline_access')
const metadata = '/.well-known/openid-configuration'
const invalid = (error: string, status = 400) => ({ error, status })

/** Without some of it. */
function but(claims: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}

/** Its issuer has a slash, a dead refresh token is 403, and userinfo knows of no organization. */
const auth0Tenant: StandIn = {
  name: 'auth0',
  made: (options) =>
    auth0({
      ...CREDENTIALS,
      domain: 'acme.eu.auth0.com',
      allow: { organizations: ['org_acme'] },
      ...options,
    }),
  issuer: 'https://acme.eu.auth0.com/',
  origins: ['https://acme.eu.auth0.com'],
  truth: {
    paths: { token: '/oauth/token', jwks: '/.well-known/jwks.json', revocation: '/oauth/revoke' },
    refreshAsked: withOffline,
    userinfo: ({ user }) => but(user, 'org_id'),
    errors: { refresh_token: invalid('invalid_grant', 403), code: invalid('invalid_grant', 403) },
  },
  member: { org_id: 'org_acme' },
  refused: { org_id: 'org_evil' },
}

/** Its id_tokens are thin, and a request without `state` is refused. */
const oktaTruth: DevOidcOptions = {
  idTokenClaims: false,
  refreshAsked: withOffline,
  refuses: ({ endpoint, parameters }) =>
    endpoint === 'authorization' && !parameters.state ? invalid('invalid_request') : undefined,
}
const oktaPaths = (prefix: string): NonNullable<DevOidcOptions['paths']> => ({
  authorization: `${prefix}/v1/authorize`,
  token: `${prefix}/v1/token`,
  userinfo: `${prefix}/v1/userinfo`,
  jwks: `${prefix}/v1/keys`,
  revocation: `${prefix}/v1/revoke`,
})
const oktaPeople = {
  member: { groups: ['Everyone', 'Engineering'] },
  refused: { groups: ['Everyone', 'engineering'] },
}
const oktaAllow = { domain: 'acme.okta.com', allow: { groups: ['Engineering'] } }

const oktaOrganization: StandIn = {
  name: 'okta',
  made: (options) => okta({ ...CREDENTIALS, ...oktaAllow, ...options }),
  issuer: 'https://acme.okta.com',
  origins: ['https://acme.okta.com'],
  truth: { ...oktaTruth, paths: oktaPaths('/oauth2') },
  ...oktaPeople,
}

/** A scope that is not defined there is refused. */
const oktaCustom: StandIn = {
  name: 'okta, a custom authorization server',
  made: (options) => okta({ ...CREDENTIALS, ...oktaAllow, authorizationServer: 'default', ...options }),
  issuer: 'https://acme.okta.com/oauth2/default',
  origins: ['https://acme.okta.com'],
  truth: {
    ...oktaTruth,
    paths: { ...oktaPaths('/oauth2/default'), discovery: `/oauth2/default${metadata}` },
    refuses: (ask) =>
      ask.parameters.scope?.split(' ').includes('groups')
        ? invalid('invalid_scope')
        : oktaTruth.refuses?.(ask),
  },
  ...oktaPeople,
}

/** Revoking one refresh token ends all of a user's, and says `invalid_token` of a dead one, with 200. */
const keycloakRealm: StandIn = {
  name: 'keycloak',
  made: (options) =>
    keycloak({
      ...{ ...CREDENTIALS, url: 'https://login.acme.test', realm: 'acme' },
      allow: { roles: ['mcp-user'] },
      ...options,
    }),
  issuer: 'https://login.acme.test/realms/acme',
  origins: ['https://login.acme.test'],
  truth: {
    paths: {
      discovery: `/realms/acme${metadata}`,
      authorization: '/realms/acme/protocol/openid-connect/auth',
      token: '/realms/acme/protocol/openid-connect/token',
      userinfo: '/realms/acme/protocol/openid-connect/userinfo',
      jwks: '/realms/acme/protocol/openid-connect/certs',
      revocation: '/realms/acme/protocol/openid-connect/revoke',
    },
    refreshAsked: withOffline,
    accessTokenLifetime: 300,
    revocation: 'user',
    errors: { token: invalid('invalid_token', 200) },
  },
  member: { realm_access: { roles: ['offline_access', 'mcp-user'] } },
  refused: { realm_access: { roles: ['offline_access'] }, roles: ['mcp-user'] },
}

const pool = 'eu-west-1_AbCdEfGhI'
const [poolOrigin, loginOrigin] = [
  'https://cognito-idp.eu-west-1.amazonaws.com',
  'https://acme.auth.eu-west-1.amazoncognito.com',
] as const

/** Its issuer is elsewhere, its userinfo says less and in texts, and `offline_access` is refused. */
const cognitoPool: StandIn = {
  name: 'cognito',
  made: (options) =>
    cognito({
      ...CREDENTIALS,
      userPoolId: pool,
      allow: { groups: ['mcp'], verifiedEmail: true },
      ...options,
    }),
  issuer: `${poolOrigin}/${pool}`,
  origins: [loginOrigin, poolOrigin],
  truth: {
    paths: {
      discovery: `/${pool}${metadata}`,
      jwks: `/${pool}/.well-known/jwks.json`,
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      userinfo: '/oauth2/userInfo',
      revocation: '/oauth2/revoke',
    },
    metadata: () => ({
      authorization_endpoint: `${loginOrigin}/oauth2/authorize`,
      token_endpoint: `${loginOrigin}/oauth2/token`,
      userinfo_endpoint: `${loginOrigin}/oauth2/userInfo`,
      revocation_endpoint: `${loginOrigin}/oauth2/revoke`,
    }),
    userinfo: ({ user }) => ({
      ...but(user, 'cognito:groups'),
      email_verified: String(user.email_verified),
    }),
    rotation: false,
    scopesNamed: () => undefined,
    refuses: ({ parameters }) => (withOffline(parameters) ? invalid('invalid_scope') : undefined),
  },
  member: { 'cognito:groups': ['mcp'] },
  refused: { 'cognito:groups': ['mcp-users'] },
}

/** A short `state` is refused, access tokens last for a day. */
const clerkInstance: StandIn = {
  name: 'clerk',
  made: (options) =>
    clerk({ ...CREDENTIALS, domain: 'clerk.acme.test', allow: { organizations: ['org_acme'] }, ...options }),
  issuer: 'https://clerk.acme.test',
  origins: ['https://clerk.acme.test'],
  truth: {
    paths: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      userinfo: '/oauth/userinfo',
      jwks: '/.well-known/jwks.json',
      revocation: '/oauth/token/revoke',
    },
    accessTokenLifetime: 86_400,
    refreshAsked: withOffline,
    refuses: ({ endpoint, parameters: { state = '', scope = '' } }) =>
      endpoint !== 'authorization' || (state.length >= 8 && scope.includes('user:org:read'))
        ? undefined
        : invalid('invalid_request'),
  },
  member: { org_id: 'org_acme' },
  refused: { org_id: 'org_evil' },
}

export const standIns: readonly StandIn[] = [
  auth0Tenant,
  oktaOrganization,
  oktaCustom,
  keycloakRealm,
  cognitoPool,
  clerkInstance,
]
