import {
  type AuthorizationParameters,
  credential,
  type OAuthProvider,
  openIdConnect,
  type ProviderScopes,
  permitting,
  variableOf,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import { admit } from './admission.ts'
import { checkOptions, type OidcOptions, type OidcUser } from './options.ts'

/**
 * Sign in with any provider that speaks OpenID Connect and publishes its metadata. Register `<issuer>/callback/<id>` as its
 * redirect URI, where `<issuer>` is your server's.
 *
 * @param options Everything may be left out when `DRAWBRIDGE_OIDC_ISSUER`, `DRAWBRIDGE_OIDC_CLIENT_ID` and
 *   `DRAWBRIDGE_OIDC_CLIENT_SECRET` are set.
 * @throws {ConfigurationError} for missing credentials, an issuer that is not https, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const provider = oidc({ issuer: 'https://login.acme.dev', label: 'Acme', allow: { emailDomains: ['acme.dev'] } })
 * ```
 */
export function oidc(options: OidcOptions = {}): OAuthProvider<OidcUser> {
  checkOptions(options)
  const { allow, parameters, issuer: written, ...given } = options
  const { id = 'oidc', scopes = ['openid', 'profile', 'email'] } = options
  const caller = { call: 'oidc()', where: "on the app's page at the provider" }
  const issuer = credential('issuer', written, { ...caller, variable: variableOf(id, 'ISSUER') })
  const { host } = secureUrl('issuer', issuer, 'Pass it as the provider publishes it.')
  const declared = {
    ...given,
    id,
    issuer,
    label: options.label ?? host,
    scopes: oidcScopes(allow ? [...scopes, 'email'] : scopes),
    parameters: { authorize: authorizationParameters.bind(undefined, options) },
    permit: permitting(options, admit),
  }
  return openIdConnect(declared, caller)
}

const offline = 'offline_access'

function oidcScopes(asked: readonly string[]): ProviderScopes {
  const all = [...new Set(asked)]
  return {
    default: all.filter((scope) => scope !== offline),
    ...(all.includes(offline) && { hidden: [offline] }),
    descriptions: Object.fromEntries(Object.entries(words).filter(([scope]) => all.includes(scope))),
  }
}

/** OpenID Connect Core 5.4. */
const words: Readonly<Record<string, string>> = {
  openid: 'Know which account is yours',
  profile: 'See your name and picture',
  email: 'See your email address',
  address: 'See your postal address',
  phone: 'See your phone number',
}

/** OpenID Connect Core 11: some give a refresh token only after a consent that they were asked to ask for. */
function authorizationParameters(
  { scopes, parameters }: OidcOptions,
  { again }: AuthorizationParameters,
): Record<string, string> {
  return { ...parameters, ...(again && scopes?.includes(offline) && { prompt: 'consent' }) }
}
