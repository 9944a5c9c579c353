import { ConfigurationError, type OAuthProvider } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface CognitoAllow extends OidcAllow {
  /** Members of these groups of the user pool (`cognito:groups`). */
  groups?: readonly string[] | undefined
}

/** Options of {@link cognito}. */
export interface CognitoOptions extends CommonOptions<CognitoAllow> {
  /** `eu-west-1_AbCdEfGhI`, which says the region too. Default: the environment variable `DRAWBRIDGE_COGNITO_USER_POOL_ID`. */
  userPoolId?: string | undefined
  /**
   * Where people sign in: `acme.auth.eu-west-1.amazoncognito.com`, or a domain of your own. Default: the environment variable
   * `DRAWBRIDGE_COGNITO_DOMAIN`, else the one that the user pool publishes.
   */
  domain?: string | undefined
  /** Has to be what stands before the `_` of `userPoolId`, which is the default. */
  region?: string | undefined
}

const known: Preset<Pick<CognitoOptions, 'userPoolId' | 'domain' | 'region'>, CognitoAllow> = {
  example: 'cognito({ userPoolId, clientId, clientSecret })',
  id: 'cognito',
  label: 'Amazon Cognito',
  where: "on the app client's page, in the Cognito console",
  own: { userPoolId: 'text', domain: 'text', region: 'text' },
  // It gives a refresh token each time, and refuses a request for `offline_access`.
  scopes: ['openid', 'profile', 'email'],
  // Of managed login only, and the classic hosted pages do nothing of it. Its id_tokens always have `auth_time`, so that
  // `login` cannot pass for what it was not; who has managed login can list the others.
  // https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
  prompts: ['login'],
  rules: { groups: { claim: 'cognito:groups', onlyIdToken: true } },
  // Its userinfo says "true", where its id_tokens say true.
  conformClaims: ({ email_verified, ...claims }) => ({
    ...claims,
    ...(email_verified !== undefined && { email_verified: [true, 'true'].includes(email_verified) }),
  }),
  place({ userPoolId, domain, region: given, endpoints }, read) {
    const pool = read.needed('userPoolId', userPoolId, 'USER_POOL_ID')
    const [, region] = /^([a-z]+(?:-[a-z]+)+-\d)_\w+$/.exec(pool) ?? []
    if (region === undefined || (given ?? region) !== region) {
      throw new ConfigurationError(
        'userPoolId',
        `"${pool}" is not ${region === undefined ? 'the id of a user pool' : `one in ${given}`}`,
        'Pass the id as the console shows it, such as "eu-west-1_AbCdEfGhI".',
      )
    }
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${pool}`
    const host = read.optional(domain, 'DOMAIN')
    return { issuer, endpoints: host === undefined ? endpoints : endpointsAt(host, issuer) }
  },
}

/** https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html */
function endpointsAt(domain: string, issuer: string): CognitoOptions['endpoints'] {
  const origin = hostOrigin('domain', domain, 'acme.auth.eu-west-1.amazoncognito.com')
  return {
    authorization: `${origin}/oauth2/authorize`,
    token: `${origin}/oauth2/token`,
    userinfo: `${origin}/oauth2/userInfo`,
    revocation: `${origin}/oauth2/revoke`,
    jwks: `${issuer}/.well-known/jwks.json`,
  }
}

/**
 * Sign in with a user pool of Amazon Cognito. Register `<issuer>/callback/cognito` as a callback URL of an app client with a
 * secret and the authorization code grant. A revocation ends one sign-in: the refresh token and what came of it.
 *
 * @throws {ConfigurationError} as {@link oidc} does, and for a user pool or a domain that is none
 * @example
 * ```ts
 * const provider = cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', allow: { groups: ['mcp-users'] } })
 * ```
 */
export function cognito(options: CognitoOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
