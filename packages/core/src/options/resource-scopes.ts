import { ConfigurationError } from '../errors.ts'
import { checkOneOf } from '../known-options.ts'
import type { ResourceScopes } from '../syntax/resource.ts'
import { checkedScopes, requiredScopes, unionScopes, withoutOfflineAccess } from '../syntax/scopes.ts'
import type { ScopeOptions } from './options.ts'
import { type MappedProviders, scopeDefinitions, scopeMeanings } from './scope-definitions.ts'

/**
 * What an operator's options come to.
 *
 * @param option The option's name, for messages.
 * @param server.otherwise Supported when the options name no scope at all.
 * @param server.providers Where people sign in. Absent: elsewhere, where mappings are somebody else's.
 * @throws {ConfigurationError} for what is no scope, a default without what is required, `offline_access` among it, and
 *   for scopes that imply themselves, or what is not supported.
 */
export function resourceScopes(
  option: string,
  given: ScopeOptions | readonly string[] | undefined,
  server: { otherwise?: readonly string[]; providers?: MappedProviders | undefined } = {},
): ResourceScopes {
  const isObject = (value: typeof given): value is ScopeOptions =>
    typeof value === 'object' && !Array.isArray(value)
  const options: ScopeOptions = isObject(given) ? given : { supported: checkedScopes(option, given) }
  const { challenge = 'default', stepUp } = options
  const required = requiredScopes(`${option}.required`, options.required)
  const asked =
    options.default === undefined
      ? undefined
      : withoutOfflineAccess(checkedScopes(`${option}.default`, options.default))
  const definitions = scopeDefinitions(`${option}.supported`, options.supported)
  const named = unionScopes([...definitions.keys()], asked, required)
  const supported = withoutOfflineAccess(named.length > 0 ? named : (server.otherwise ?? []))
  const meanings = scopeMeanings(`${option}.supported`, definitions, supported, server.providers)
  const missing = meanings.hierarchy.missing(required, asked ?? required)
  if (missing.length > 0) {
    throw new ConfigurationError(
      `${option}.default`,
      `lacks ${missing.map((scope) => `"${scope}"`).join(', ')}, without which no token reaches the resource`,
      'Add what `required` names: clients that ask for no scope in particular get the default ones.',
    )
  }
  const either = "Use 'default', or 'supported' for clients that cannot ask for more later."
  checkOneOf(`${option}.challenge`, challenge, ['default', 'supported'], either)
  checkOneOf(`${option}.stepUp`, stepUp, ['refuse-refresh'], "Use 'refuse-refresh', or leave it out.")
  const standard = asked ?? supported
  return {
    supported,
    default: standard,
    required,
    // Either holds what is required.
    challenge: challenge === 'supported' ? supported : standard,
    ...meanings,
    stepUp,
  }
}
