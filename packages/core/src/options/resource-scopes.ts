import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'
import {
  checkedScopes,
  missingScopes,
  type ResourceScopes,
  requiredScopes,
  unionScopes,
  withoutOfflineAccess,
} from '../syntax/scopes.ts'
import type { ScopeOptions } from './options.ts'

/**
 * What an operator's options come to.
 *
 * @param option The option's name, for messages.
 * @param otherwise Supported when the options name no scope at all.
 * @throws {ConfigurationError} for what is no scope, a default without what is required, and `offline_access` among it.
 * @example
 * resourceScopes('scopes', { supported: ['files:read', 'files:write'], default: ['files:read'] }).challenge
 * // ['files:read']
 */
export function resourceScopes(
  option: string,
  given: ScopeOptions | readonly string[] | undefined,
  otherwise: readonly string[] = [],
): ResourceScopes {
  const isObject = (value: typeof given): value is ScopeOptions =>
    typeof value === 'object' && !Array.isArray(value)
  const options: ScopeOptions = isObject(given) ? given : { supported: checkedScopes(option, given) }
  const { challenge = 'default' } = options
  const required = requiredScopes(`${option}.required`, options.required)
  const asked =
    options.default === undefined
      ? undefined
      : withoutOfflineAccess(checkedScopes(`${option}.default`, options.default))
  const named = unionScopes(checkedScopes(`${option}.supported`, options.supported), asked, required)
  const missing = missingScopes(required, asked ?? required)
  if (missing.length > 0) {
    throw new ConfigurationError(
      `${option}.default`,
      `lacks ${missing.map((scope) => `"${scope}"`).join(', ')}, without which no token reaches the resource`,
      'Add what `required` names: clients that ask for no scope in particular get the default ones.',
    )
  }
  if (challenge !== 'default' && challenge !== 'supported') {
    throw new ConfigurationError(
      `${option}.challenge`,
      `is ${typeof challenge === 'string' ? `"${challenge}"` : inWords(challenge)}`,
      "Use 'default', or 'supported' for clients that cannot ask for more later.",
    )
  }
  const supported = withoutOfflineAccess(named.length > 0 ? named : otherwise)
  const standard = asked ?? supported
  return {
    supported,
    default: standard,
    required,
    // Either holds what is required.
    challenge: challenge === 'supported' ? supported : standard,
  }
}
