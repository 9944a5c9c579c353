import {
  AccessDenied,
  ConfigurationError,
  checkCall,
  type Identity,
  type Login,
  type OAuthProvider,
  type ProviderScopes,
  permitting,
  providerClient,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import { admit, checkRules } from './admission.ts'
import { type OAuth2Options, oauth2Table } from './oauth2-options.ts'
import type { OidcAllow, OidcUser } from './options.ts'
import { checkMembersOf, userOf } from './user-members.ts'

/**
 * Sign in with any service that speaks OAuth 2 and has no id_tokens. Register `<issuer>/callback/<id>` as its redirect URI,
 * where `<issuer>` is your server's.
 *
 * @param options `user` says where the service tells who somebody is; `identify` finds it out where that takes more. The
 *   credentials may be left to `DRAWBRIDGE_<ID>_CLIENT_ID` and `DRAWBRIDGE_<ID>_CLIENT_SECRET`.
 * @throws {ConfigurationError} for missing credentials and endpoints, URLs that are not https, and an `allow` that lets
 *   nobody in
 * @example
 * ```ts
 * const provider = oauth2({
 *   id: 'acme',
 *   label: 'Acme',
 *   endpoints: { authorization: 'https://acme.dev/oauth/authorize', token: 'https://acme.dev/oauth/token' },
 *   user: { url: 'https://api.acme.dev/me', sub: 'id', name: 'display_name' },
 *   scopes: ['profile'],
 * })
 * ```
 */
export function oauth2<Claims = OidcUser>(options: OAuth2Options<Claims>): OAuthProvider<Claims> {
  checkCall<object>('oauth2({ id, label, endpoints, user })', options, oauth2Table)
  checkOptions(options)
  const { id, label, icon, issuer, parameters, conform, revoke, exchange } = options
  const isRevocable = (revoke ?? options.endpoints?.revocation ?? issuer) !== undefined
  return {
    type: 'oauth',
    ...{ id, label, icon, pkce: options.pkce, response_mode: options.response_mode },
    client: providerClient(options, id, { call: 'oauth2()', where: `on the app's page at ${label}` }),
    ...(issuer !== undefined && { issuer, openid: false }),
    endpoints: { ...options.endpoints },
    scopes: scopesOf(options.scopes),
    parameters: {
      authorize: (request) => ({
        ...(typeof parameters === 'object' && parameters),
        ...(request.prompt && { prompt: request.prompt }),
        ...(typeof parameters === 'function' && parameters(request)),
      }),
    },
    prompts: options.prompts ?? [],
    tokens: options.tokens ?? 'per-login',
    revocation: options.revocation ?? (isRevocable ? 'token' : 'none'),
    ...(conform && { conform }),
    ...(revoke && { revoke }),
    ...(exchange && { exchange }),
    identify: admitted(options),
  }
}

/** Who it is, once the rules let them in. */
function admitted<Claims>(options: OAuth2Options<Claims>): OAuthProvider<Claims>['identify'] {
  // Both ways say who it is, each with its own claims.
  const { identify, allow, permit } = options as {
    identify?: (login: Login) => Promise<Identity<Claims>>
    allow?: OidcAllow | undefined
    permit?: ((claims: Claims) => boolean | Promise<boolean>) | undefined
  }
  const { user } = options
  const find =
    identify ?? ((login) => userOf(login, user ?? { url: '', sub: '' }) as Promise<Identity<unknown>>)
  const rules = permitting({ allow, permit }, (claims: Claims, rules) => admit(claims as OidcUser, rules))
  return async (login) => {
    const found = (await find(login)) as Identity<Claims>
    if ((await rules(found.claims)) === true) return found
    throw new AccessDenied('This account has no access here. You can try again with another one.')
  }
}

function scopesOf(given: OAuth2Options['scopes']): ProviderScopes {
  return given === undefined || 'default' in given ? (given ?? { default: [] }) : { default: [...given] }
}

/** What the types say, for those who have none, and what they cannot say. */
function checkOptions<Claims>(options: OAuth2Options<Claims>): void {
  const wrong = (option: string, got: string, fix: string) => new ConfigurationError(option, got, fix)
  for (const name of ['id', 'label'] as const) {
    if (!options[name]) throw wrong(name, 'is missing', 'Choose one: it stands for the service.')
  }
  for (const [name, url] of Object.entries({ ...options.endpoints })) {
    if (url !== undefined) secureUrl(`endpoints.${name}`, url, 'Pass it as the service documents it.')
  }
  if (options.issuer !== undefined)
    secureUrl('issuer', options.issuer, 'Pass it as the service publishes it.')
  for (const name of ['authorization', 'token'] as const) {
    if (options.endpoints?.[name] !== undefined || options.issuer !== undefined) continue
    throw wrong(`endpoints.${name}`, 'is missing', 'Pass it, or the `issuer` that publishes it.')
  }
  const isRevocable = options.revoke ?? options.endpoints?.revocation ?? options.issuer
  if (isRevocable === undefined && (options.revocation ?? 'none') !== 'none') {
    throw wrong('revocation', 'has no way to go', 'Pass `endpoints.revocation`, or a function `revoke`.')
  }
  if ((options.user === undefined) === (options.identify === undefined)) {
    throw wrong(
      'user, identify',
      options.user === undefined ? 'are both missing' : 'are given together',
      'Pass `user: { url, sub }`, or a function `identify` where that is not enough.',
    )
  }
  if (options.user) checkMembersOf(options.user, options.allow)
  checkRules(options.allow)
}
