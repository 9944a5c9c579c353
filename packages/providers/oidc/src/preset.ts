import {
  checkCall,
  credential,
  environment,
  type OAuthProvider,
  type OpenIdConnectOptions,
  type OptionTable,
  openIdConnect,
  permitting,
  variableOf,
  type Words,
} from '@drawbridge/core/provider'
import { admit, checkRules, claimsAskedFor, type Rules } from './admission.ts'
import { type CommonOptions, commonTable, type OidcAllow, type OidcUser } from './options.ts'
import { consentFor, openIdScopes } from './scopes.ts'

/** What is known of a provider that speaks OpenID Connect. `Own`: the options that only its function has. */
export interface Preset<Own extends object, Allow extends OidcAllow>
  extends Pick<
    OpenIdConnectOptions<OidcUser>,
    'clientAuth' | 'conform' | 'conformClaims' | 'pkce' | 'revocation' | 'tokens'
  > {
  /** A good call, for messages: `auth0({ domain })`. */
  example: string
  id: string
  label: string
  /** Where people find the credentials, and the options of its own. */
  where: string
  own: OptionTable<Own>
  /** Asked for where the operator writes none. */
  scopes: readonly string[]
  /** What people read of scopes that OpenID Connect does not name. */
  descriptions?: Readonly<Record<string, Words>> | undefined
  /** The members of `allow` that are about something else than addresses. */
  rules: Readonly<Record<Exclude<keyof Allow, keyof OidcAllow>, Rules[string]>>
  /** What its documentation says that it does; with `login`, that its id_tokens have `auth_time`. */
  prompts: NonNullable<OpenIdConnectOptions['prompts']>
  /** Where it is, by its own options, and what that makes of the rest. */
  place(options: Own & CommonOptions<Allow>, read: Read): Place
}

/** Reads an option of the provider's own, which may be left to the environment. */
export interface Read {
  /** @throws {ConfigurationError} when it is in neither */
  needed(option: string, given: string | undefined, name: string): string
  optional(given: string | undefined, name: string): string | undefined
}

interface Place {
  issuer: string
  label?: string | undefined
  endpoints?: OpenIdConnectOptions['endpoints']
  /** Sent with each authorization request. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Asked for besides those of the operator. */
  scopes?: readonly string[] | undefined
  userinfo?: OpenIdConnectOptions['userinfo']
}

/** A provider of what is known and what the operator wants. Throws {@link ConfigurationError}. */
export function preset<Own extends object, Allow extends OidcAllow>(
  known: Preset<Own, Allow>,
  options: Own & CommonOptions<Allow>,
): OAuthProvider<OidcUser> {
  checkCall<object>(known.example, options, { ...commonTable, ...known.own })
  checkRules(options.allow, known.rules)
  const { id = known.id, allow, parameters } = options
  const caller = { call: `${known.example.slice(0, known.example.indexOf('('))}()`, where: known.where }
  const place = known.place(options, readerOf(id, caller))
  const scopes = [...(options.scopes ?? known.scopes), ...(place.scopes ?? []), ...(allow ? ['email'] : [])]
  const { conform, conformClaims, pkce } = known
  const declared: OpenIdConnectOptions<OidcUser> = {
    ...{ id, label: options.label ?? place.label ?? known.label, issuer: place.issuer },
    ...{ clientId: options.clientId, clientSecret: options.clientSecret },
    clientAuth: options.clientAuth ?? known.clientAuth,
    endpoints: { ...place.endpoints, ...options.endpoints },
    scopes: openIdScopes(scopes, known.descriptions),
    parameters: {
      authorize: ({ again }) => ({ ...place.parameters, ...parameters, ...consentFor(scopes, again) }),
    },
    prompts: options.prompts ?? known.prompts,
    tokens: options.tokens ?? known.tokens,
    revocation: options.revocation ?? known.revocation,
    promised: claimsAskedFor(allow, known.rules),
    userinfo: place.userinfo,
    permit: permitting(options, (user: OidcUser, rules: Allow) => admit(user, rules, known.rules)),
    ...{ conform, conformClaims, pkce },
  }
  return openIdConnect(declared, caller)
}

function readerOf(id: string, caller: { call: string; where: string }): Read {
  return {
    needed: (option, given, name) => credential(option, given, { ...caller, variable: variableOf(id, name) }),
    optional: (given, name) => given ?? environment(variableOf(id, name)),
  }
}
