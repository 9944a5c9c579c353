import type { OAuthProvider } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface Auth0Allow extends OidcAllow {
  /**
   * Sign-ins through these organizations, by id: `org_9ybsU1dN2dKfDkBi`. A single one is also sent, so that people sign in
   * there; with several, let the application prompt for one.
   */
  organizations?: readonly string[] | undefined
}

/** Options of {@link auth0}. */
export interface Auth0Options extends CommonOptions<Auth0Allow> {
  /** The tenant's domain, or its custom one: `acme.eu.auth0.com`. Default: the environment variable `DRAWBRIDGE_AUTH0_DOMAIN`. */
  domain?: string | undefined
  /**
   * The identifier of an API of yours at Auth0, for tools that call it: the access token is then a JWT for it. Left out, the
   * token is opaque and opens nothing but Auth0's userinfo, which is all that a sign-in needs.
   */
  audience?: string | undefined
}

const known: Preset<Pick<Auth0Options, 'domain' | 'audience'>, Auth0Allow> = {
  example: 'auth0({ domain, clientId, clientSecret })',
  id: 'auth0',
  label: 'Auth0',
  where: "in the application's settings, in Auth0's dashboard",
  own: { domain: 'text', audience: 'text' },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  // With either its id_tokens have `auth_time`; nothing says that it has people choose an account.
  // https://auth0.com/docs/authenticate/login/max-age-reauthentication
  // https://auth0.com/docs/authenticate/login/configure-silent-authentication
  prompts: ['login', 'none'],
  rules: { organizations: { claim: 'org_id', onlyIdToken: true } },
  place({ domain, audience, allow }, read) {
    const [organization, ...others] = allow?.organizations ?? []
    return {
      // Its issuer ends with a slash, and so does the `iss` of its id_tokens.
      issuer: `${hostOrigin('domain', read.needed('domain', domain, 'DOMAIN'), 'acme.eu.auth0.com')}/`,
      parameters: {
        ...(audience !== undefined && { audience }),
        ...(organization !== undefined && others.length === 0 && { organization }),
      },
    }
  },
}

/**
 * Sign in with Auth0. Register `<issuer>/callback/auth0` under _Allowed Callback URLs_ of a regular web application.
 *
 * A revocation ends one refresh token. Where the tenant has _Refresh Token Revocation Deletes Grant_ on, as those made
 * before 2021 do, it ends all of a user's: pass `revocation: 'user'`.
 * https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens
 *
 * @throws {ConfigurationError} as {@link oidc} does, and for a domain that is not one
 * @example
 * ```ts
 * const provider = auth0({ domain: 'acme.eu.auth0.com', allow: { organizations: ['org_9ybsU1dN2dKfDkBi'] } })
 * ```
 */
export function auth0(options: Auth0Options = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
