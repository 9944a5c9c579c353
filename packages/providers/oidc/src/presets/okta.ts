import { ConfigurationError, type OAuthProvider } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface OktaAllow extends OidcAllow {
  /** Members of these groups, by name. Okta has to be told to send the claim `groups`. */
  groups?: readonly string[] | undefined
}

/** Options of {@link okta}. */
export interface OktaOptions extends CommonOptions<OktaAllow> {
  /** The organization's domain, or its custom one: `acme.okta.com`. Default: the environment variable `DRAWBRIDGE_OKTA_DOMAIN`. */
  domain?: string | undefined
  /**
   * The id of a custom authorization server: `default`, `aus1a2b3c4`. It is needed where tools call an API of yours. Default:
   * the environment variable `DRAWBRIDGE_OKTA_AUTHORIZATION_SERVER`, else the organization's own server.
   */
  authorizationServer?: string | undefined
}

const known: Preset<Pick<OktaOptions, 'domain' | 'authorizationServer'>, OktaAllow> = {
  example: 'okta({ domain, clientId, clientSecret })',
  id: 'okta',
  label: 'Okta',
  where: "on the app's General tab, in Okta's admin console",
  own: { domain: 'text', authorizationServer: 'text' },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  // Its id_tokens always have `auth_time`, and `select_account` is no value there.
  // https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS/
  prompts: ['login', 'none'],
  descriptions: {
    groups: {
      en: 'See which groups at Okta you are in',
      de: 'Sehen, in welchen Gruppen Sie bei Okta sind',
      ar: 'معرفة المجموعات التي تنتمي إليها في Okta',
    },
  },
  rules: { groups: { claim: 'groups' } },
  place({ domain, authorizationServer, allow }, read) {
    const origin = hostOrigin('domain', read.needed('domain', domain, 'DOMAIN'), 'acme.okta.com')
    const server = read.optional(authorizationServer, 'AUTHORIZATION_SERVER')
    if (server !== undefined && !/^\w+$/.test(server)) {
      throw new ConfigurationError(
        'authorizationServer',
        `"${server}" is not an id`,
        'Pass "default", or as Okta shows it.',
      )
    }
    return {
      issuer: server === undefined ? origin : `${origin}/oauth2/${server}`,
      // Of the organization's server only; a custom one refuses what is not defined there.
      scopes: allow?.groups && server === undefined ? ['groups'] : [],
    }
  },
}

/**
 * Sign in with Okta. Register `<issuer>/callback/okta` as a sign-in redirect URI of a web application, with the refresh token
 * grant. A revocation ends one sign-in.
 * https://developer.okta.com/docs/guides/revoke-tokens
 *
 * @throws {ConfigurationError} as {@link oidc} does, and for a domain that is not one
 * @example
 * ```ts
 * const provider = okta({ domain: 'acme.okta.com', allow: { groups: ['Engineering'] } })
 * ```
 */
export function okta(options: OktaOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
