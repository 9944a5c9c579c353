import { type DevOidc, type DevOidcOptions, type DevOidcUser, devOidc, type OidcGrant } from './dev-oidc.ts'

const profile = ['name', 'given_name', 'family_name', 'picture']
const email = ['email', 'email_verified', 'hd']

const long = (scope: string) =>
  ['email', 'profile'].includes(scope) ? `https://www.googleapis.com/auth/userinfo.${scope}` : scope

const person = (sub: string, name: string, more: object): DevOidcUser => ({
  sub,
  name,
  given_name: name,
  email_verified: true,
  ...more,
})

/** Two of one organization, one of none with an address that looks like it, one of Gmail, one of another organization. */
const users: readonly DevOidcUser[] = [
  person('1001', 'Ada', { email: 'ada@acme.test', hd: 'acme.test' }),
  person('1002', 'Grace', { email: 'grace@acme.test', hd: 'acme.test' }),
  person('1003', 'Eve', { email: 'eve@acme.test' }),
  person('1004', 'Lin', { email: 'lin@gmail.test' }),
  person('1005', 'Max', { email: 'max@other.test', hd: 'other.test' }),
]

/** What is different about Google, from https://developers.google.com/identity/openid-connect/openid-connect */
const google = {
  users,
  defaultScopes: ['openid', 'email', 'profile'],
  paths: {
    authorization: '/o/oauth2/v2/auth',
    jwks: '/oauth2/v3/certs',
    userinfo: '/v1/userinfo',
  },
  algorithm: 'RS256',
  claims: (user, scopes) => {
    const told = new Set([
      'sub',
      ...(scopes.includes('profile') ? profile : []),
      ...(scopes.includes('email') ? email : []),
    ])
    return Object.fromEntries(Object.entries(user).filter(([name]) => told.has(name)))
  },
  idToken: (claims) => ({ ...claims, azp: claims.aud }),
  refreshTokens: 'on consent',
  refreshAsked: ({ access_type }) => access_type === 'offline',
  rotation: false,
  refreshIdToken: false,
  accessTokenLifetime: 3599,
  accessTokenPrefix: 'ya29.',
  revocation: 'user',
  scopesNamed: (asked) => asked.map(long),
  errors: {
    client: { error: 'invalid_client', error_description: 'The OAuth client was not found.' },
    code: { error: 'invalid_grant', error_description: 'Malformed auth code.' },
    code_verifier: { error: 'invalid_grant', error_description: 'Invalid code verifier.' },
    redirect_uri: { error: 'redirect_uri_mismatch', error_description: 'Bad Request' },
    refresh_token: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
    token: { error: 'invalid_token', error_description: 'Token expired or revoked' },
  },
  further: ({ path, parameters }, grantOf) =>
    path === '/tokeninfo' ? tokeninfo(grantOf(parameters.access_token ?? '')) : undefined,
} as const satisfies DevOidcOptions

/** Everything in it is text. */
function tokeninfo(grant: OidcGrant | undefined): Response {
  if (!grant) {
    return Response.json({ error: 'invalid_token', error_description: 'Invalid Value' }, { status: 400 })
  }
  const { clientId, user, scopes, exp } = grant
  return Response.json({
    azp: clientId,
    aud: clientId,
    sub: user.sub,
    scope: scopes.map(long).join(' '),
    exp: String(exp),
    ...(scopes.includes('email') && { email: user.email, email_verified: String(user.email_verified) }),
  })
}

/**
 * A provider that behaves as Google does: opaque access tokens (`ya29.…`) and `/tokeninfo`, a refresh token only with
 * `access_type=offline` and at the first consent or with `prompt=consent`, the same one for good, and a revocation that
 * ends all that somebody gave the app. Scopes are granted under their long names.
 *
 * @param options Those of {@link devOidc}; what is written here wins.
 * @example
 * ```ts
 * const { url } = await devGoogle().listen()
 * const provider = google({ clientId: 'dev-client', clientSecret: 'dev-secret', issuer: url })
 * ```
 */
export function devGoogle(options: DevOidcOptions = {}): DevOidc {
  return devOidc({ ...google, ...options })
}
