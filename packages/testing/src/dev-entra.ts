import { systemClock } from '@drawbridge/core/provider'
import { accessTokenClaims, idTokenClaims } from './dev-entra/claims.ts'
import { saysItIs } from './dev-entra/client-assertion.ts'
import { errors } from './dev-entra/errors.ts'
import { me, userinfo } from './dev-entra/graph.ts'
import { refuses } from './dev-entra/refusals.ts'
import { isGranted, named } from './dev-entra/scopes.ts'
import { issuerAt, users } from './dev-entra/tenants.ts'
import { type DevOidc, type DevOidcOptions, devOidc } from './dev-oidc.ts'

export { entraTenants } from './dev-entra/tenants.ts'

export interface DevEntraOptions extends DevOidcOptions {
  /** Of access tokens for an API of one's own, as its app registration has it. Default 2. */
  accessTokenVersion?: 1 | 2 | undefined
}

/** What is different about Entra, from https://learn.microsoft.com/entra/identity-platform */
const entra = {
  users,
  defaultScopes: ['openid', 'profile', 'email', 'offline_access'],
  paths: {
    discovery: '/{tenant}/v2.0/.well-known/openid-configuration',
    jwks: '/{tenant}/discovery/v2.0/keys',
    authorization: '/{tenant}/oauth2/v2.0/authorize',
    token: '/{tenant}/oauth2/v2.0/token',
    userinfo: '/oidc/userinfo',
  },
  issuer: issuerAt,
  issuerOf: ({ tid }, origin) => issuerAt(origin, String(tid)),
  metadata: () => ({
    response_modes_supported: ['query', 'fragment', 'form_post'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  }),
  algorithm: 'RS256',
  claims: idTokenClaims,
  userinfo,
  revocation: 'none',
  refreshAsked: ({ scope = '' }) => scope.split(' ').includes('offline_access'),
  rotation: 'overlapping',
  refreshIdToken: false,
  tokenScopes: isGranted,
  scopesNamed: named,
  onBehalfOf: true,
  refuses,
  errors,
  further: ({ path, parameters, bearer }, grantOf) =>
    path === '/v1.0/me' ? me(parameters.$select, grantOf(bearer)) : undefined,
} as const satisfies DevOidcOptions

/**
 * A provider that behaves as Entra's v2 endpoints do: a tenant in each path, an issuer for each tenant, scopes of one
 * resource at a time and at every token request, access tokens that are JWTs for that resource, refresh tokens that
 * outlive their use, on-behalf-of, and no revocation. Its refusals are AADSTS errors. Graph has `/v1.0/me`, which tells
 * what a user has under `graph`. An app may show an assertion in place of its secret, of which only the claims are looked
 * at.
 *
 * @param options Those of {@link devOidc}; what is written here wins.
 * @example
 * ```ts
 * const { url } = await devEntra().listen()
 * const discovery = `${url}/${entraTenants.acme}/v2.0/.well-known/openid-configuration`
 * ```
 */
export function devEntra({ accessTokenVersion = 2, ...options }: DevEntraOptions = {}): DevOidc {
  const { clock = systemClock } = options
  const apps = options.apps ?? [{ clientId: 'dev-client', clientSecret: 'dev-secret' }]
  return devOidc({
    ...entra,
    accessToken: (grant) => accessTokenClaims(accessTokenVersion, grant),
    ...options,
    apps: apps.map((app) => ({
      assertion: (assertion) => saysItIs(app.clientId, assertion, clock),
      ...app,
    })),
  })
}
