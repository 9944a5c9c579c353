import { type DevOidc, type DevOidcOptions, type DevOidcUser, devOidc, type OidcGrant } from './dev-oidc.ts'

const person = (name: string, family_name: string, more: object): DevOidcUser => ({
  sub: `user_${name.toLowerCase()}`,
  name: `${name} ${family_name}`,
  given_name: name,
  family_name,
  email: `${name.toLowerCase()}@acme.test`,
  email_verified: true,
  ...more,
})

/** Two of one organization, one of another, one of none whose address is not verified. */
const users: readonly DevOidcUser[] = [
  person('Ada', 'Lovelace', { org_id: 'org_acme' }),
  person('Grace', 'Hopper', { org_id: 'org_acme' }),
  person('Max', 'Planck', { org_id: 'org_other', email: 'max@other.test' }),
  person('Eve', 'Adams', { email_verified: false }),
]

const told: Record<string, readonly string[]> = {
  profile: ['name', 'given_name', 'family_name'],
  email: ['email', 'email_verified'],
}

/** What is different about WorkOS, from https://workos.com/docs/reference/workos-connect */
const workos = {
  users,
  defaultScopes: ['openid', 'profile', 'email', 'offline_access'],
  paths: {
    authorization: '/oauth2/authorize',
    token: '/oauth2/token',
    jwks: '/oauth2/jwks',
    userinfo: '/oauth2/userinfo',
    introspection: '/oauth2/introspection',
    registration: '/oauth2/register',
  },
  metadata: () => ({
    code_challenge_methods_supported: ['S256'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    response_modes_supported: ['query'],
    scopes_supported: ['email', 'offline_access', 'openid', 'profile'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
  }),
  algorithm: 'RS256',
  introspection: true,
  registration: true,
  revocation: 'none',
  claims: (user, scopes) => {
    const names = ['sub', ...scopes.flatMap((scope) => told[scope] ?? [])]
    return Object.fromEntries(Object.entries(user).filter(([name]) => names.includes(name)))
  },
  refreshAsked: ({ scope = '' }) => scope.split(' ').includes('offline_access'),
  accessTokenLifetime: 300,
} as const satisfies DevOidcOptions

/** https://workos.com/docs/authkit/connect/token-claims */
function accessToken({ user: { sub, org_id }, clientId, scopes, resource }: OidcGrant): object {
  return {
    aud: resource ?? 'client_environment',
    client_id: clientId,
    sid: `app_consent_${sub}_${clientId}`,
    ...(org_id !== undefined && { org_id }),
    scope: scopes.join(' '),
  }
}

/**
 * A provider that behaves as WorkOS AuthKit does, on both its sides. For apps: sign-in with access tokens that are JWTs,
 * in which alone the organization is named (`org_id`), a refresh token only with `offline_access`, which rotates, and
 * introspection. For MCP clients: registration, public clients with PKCE, and the `resource` as `aud`.
 *
 * @param options Those of {@link devOidc}; what is written here wins.
 * @example
 * ```ts
 * const { url } = await devWorkOS().listen()
 * const settings = { domain: url, clientId: 'dev-client', clientSecret: 'dev-secret' }
 * ```
 */
export function devWorkOS(options: DevOidcOptions = {}): DevOidc {
  return devOidc({ ...workos, accessToken, ...options })
}
