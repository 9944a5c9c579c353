import { checkCall, type OAuthProvider } from '@drawbridge/core/provider'
import { endToken } from './applications.ts'
import { authorizationParameters } from './authorization.ts'
import { conform } from './conform.ts'
import { icon } from './icon.ts'
import { type GitHubUser, identify } from './identity.ts'
import { accessTable, type GitHubOptions, settingsOf } from './options.ts'
import { descriptions } from './scope-words.ts'
import { includedIn, knownScopes } from './scopes.ts'

/**
 * Sign in with GitHub, or with a GitHub Enterprise host. Works with an OAuth app and with a GitHub App; register
 * `<issuer>/callback/<id>` as its callback URL.
 *
 * A user's logins share the newest token: GitHub silently ends the oldest beyond ten per user, app and scope, which
 * would sign out whoever stood on it.
 *
 * @param options Everything may be left out when `DRAWBRIDGE_GITHUB_CLIENT_ID` and `DRAWBRIDGE_GITHUB_CLIENT_SECRET` are set.
 * @throws {ConfigurationError} for missing credentials, a URL that is not https, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const provider = github({ clientId, clientSecret, allow: { organizations: ['acme'] } })
 * ```
 */
export function github(options: GitHubOptions = {}): OAuthProvider<GitHubUser> {
  checkCall<GitHubOptions>('github({ clientId, clientSecret })', options, {
    ...accessTable,
    id: 'text',
    label: 'text',
    scopes: 'texts',
    clientAuth: 'text',
    endpoints: true,
    parameters: 'object',
    prompts: 'texts',
  })
  const settings = settingsOf(options)
  const { allow, clientId, clientSecret } = settings
  const scopes = [...(options.scopes ?? ['read:user'])]
  const asksMemberships = allow && allow.organizations.length + allow.teams.length > 0
  if (asksMemberships && !scopes.some((scope) => includedIn(scope).includes('read:org')))
    scopes.push('read:org')

  return {
    type: 'oauth',
    id: options.id ?? 'github',
    label: options.label ?? 'GitHub',
    icon,
    client: {
      id: clientId,
      auth: { method: options.clientAuth ?? 'client_secret_post', secret: clientSecret },
    },
    endpoints: settings.endpoints,
    scopes: { default: scopes, supported: knownScopes, descriptions },
    parameters: { authorize: (request) => authorizationParameters(request, options.parameters) },
    prompts: options.prompts ?? ['select_account'],
    tokens: 'per-user',
    revocation: 'token',
    conform,
    identify: ({ tokens, call }) => identify(tokens, call, settings),
    revoke: ({ tokens, call }) => endToken(tokens.access_token, call, settings),
  }
}
