import { type OAuthProvider, openIdConnect, permitting } from '@drawbridge/core/provider'
import { admit } from './admission.ts'
import { authorizationParameters } from './authorization.ts'
import { conform } from './conform.ts'
import { checkOptions, type GoogleOptions, type GoogleUser, issuerOf } from './options.ts'
import { googleScopes } from './scopes.ts'

/**
 * Sign in with Google. Register `<issuer>/callback/<id>` as its redirect URI.
 *
 * A user's logins share the newest token: Google ends the oldest refresh token beyond a hundred per account and app, and
 * its revocation ends all that this user gave the app.
 * https://developers.google.com/identity/protocols/oauth2#expiration
 *
 * @param options Everything may be left out when `DRAWBRIDGE_GOOGLE_CLIENT_ID` and `DRAWBRIDGE_GOOGLE_CLIENT_SECRET` are set.
 * @throws {ConfigurationError} for missing credentials, an issuer that is not https, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const provider = google({ clientId, clientSecret, allow: { hostedDomains: ['acme.dev'] } })
 * ```
 */
export function google(options: GoogleOptions = {}): OAuthProvider<GoogleUser> {
  checkOptions(options)
  const { id = 'google', label = 'Google' } = options
  const { clientId, clientSecret, clientAuth = 'client_secret_post', endpoints } = options
  const scopes = options.scopes ?? ['openid', 'email', 'profile']
  const declared = {
    ...{
      id,
      label,
      issuer: issuerOf(id, options.issuer),
      clientId,
      clientSecret,
      clientAuth,
      endpoints,
      conform,
    },
    // The claims that the rules are about come with it.
    scopes: googleScopes(options.allow ? [...scopes, 'email'] : scopes),
    parameters: { authorize: authorizationParameters.bind(undefined, options) },
    // Its `prompt` has no `login`, and its id_tokens no `auth_time`; see authorization.ts for where it says so.
    prompts: options.prompts ?? ['select_account', 'none'],
    tokens: 'per-user',
    revocation: 'user',
    permit: permitting(options, admit),
  } as const
  return openIdConnect(declared, { call: 'google()', where: "on the client's page in Google's console" })
}
