import type { OAuthProvider } from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import type { OidcAllow, OidcOptions, OidcUser } from './options.ts'
import { type Preset, preset } from './preset.ts'

const known: Preset<Pick<OidcOptions, 'issuer' | 'userinfo'>, OidcAllow> = {
  example: 'oidc({ issuer, clientId, clientSecret })',
  id: 'oidc',
  label: 'OpenID',
  where: "on the app's page at the provider",
  own: { issuer: 'text', userinfo: 'flag' },
  scopes: ['openid', 'profile', 'email'],
  // OpenID Connect Core 15.1 wants them of every provider, and `auth_time` with the first. Some refuse `select_account`.
  prompts: ['login', 'none'],
  rules: {},
  place({ issuer: given, userinfo }, read) {
    const issuer = read.needed('issuer', given, 'ISSUER')
    const { host } = secureUrl('issuer', issuer, 'Pass an https URL, as the provider publishes it.')
    return { issuer, label: host, userinfo }
  },
}

/**
 * Sign in with any provider that speaks OpenID Connect and publishes its metadata. Register `<issuer>/callback/<id>` as its
 * redirect URI, where `<issuer>` is your server's.
 *
 * @param options Everything may be left out when `DRAWBRIDGE_OIDC_ISSUER`, `DRAWBRIDGE_OIDC_CLIENT_ID` and
 *   `DRAWBRIDGE_OIDC_CLIENT_SECRET` are set. `id` is `oidc` by default, `label` the issuer's host, and `scopes` are
 *   `['openid', 'profile', 'email']`.
 * @throws {ConfigurationError} for missing credentials, an issuer that is not https, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const provider = oidc({ issuer: 'https://login.acme.dev', label: 'Acme', allow: { emailDomains: ['acme.dev'] } })
 * ```
 */
export function oidc(options: OidcOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
