import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'

/** The scopes of one resource, with every default filled in. `offline_access` is in none of the lists. */
export interface ResourceScopes {
  /** All that clients may ask for. */
  supported: readonly string[]
  /** For a client that asks for nothing in particular; holds what is required. */
  default: readonly string[]
  /** Without these a token does not reach the resource. */
  required: readonly string[]
  /** What a 401 and the resource's metadata name. Clients take it before anything else, so that it decides what they get. */
  challenge: readonly string[]
}

/**
 * Whether this is one `scope-token` (RFC 6749 3.3): printable ASCII without space, quote or backslash.
 *
 * @example
 * isScopeToken('files:read') // true
 * isScopeToken('files read') // false
 */
export function isScopeToken(value: string): boolean {
  return /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)
}

/**
 * Reads a `scope` parameter or claim (RFC 6749 3.3). Order is kept, repetitions are dropped, and stray spaces are
 * forgiven. `undefined`: it holds something that is no scope.
 *
 * @example
 * parseScope('files:read  mail') // ['files:read', 'mail']
 */
export function parseScope(value: string): string[] | undefined {
  const scopes = value.split(' ').filter((scope) => scope !== '')
  return scopes.every(isScopeToken) ? [...new Set(scopes)] : undefined
}

/**
 * Writes a `scope` parameter (RFC 6749 3.3).
 *
 * @example
 * formatScope(['files:read', 'mail']) // 'files:read mail'
 */
export function formatScope(scopes: readonly string[]): string {
  return [...new Set(scopes)].join(' ')
}

/**
 * The scopes of `needed` that `held` lacks. None implies another (RFC 6749 3.3): they compare by character.
 *
 * @example
 * missingScopes(['files:read', 'mail'], ['mail', 'files']) // ['files:read']
 */
export function missingScopes(needed: readonly string[], held: readonly string[]): string[] {
  return needed.filter((scope) => !held.includes(scope))
}

/** The scopes that are in both, in the order of the first. */
export function intersectScopes(first: readonly string[], second: readonly string[]): string[] {
  return first.filter((scope) => second.includes(scope))
}

/**
 * All of them once, in order of appearance; a list may be left out.
 *
 * @example
 * unionScopes(['mail'], undefined, ['files:read', 'mail']) // ['mail', 'files:read']
 */
export function unionScopes(...lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))]
}

function said(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inWords(value)
}

/**
 * Without `offline_access`: it is between a client and its authorization server (OpenID Connect Core 11), which takes
 * it wherever a client sends it. No resource has a use for it, so that it is in no challenge and in no token.
 */
export function withoutOfflineAccess(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => scope !== 'offline_access')
}

/**
 * Checks scopes that a developer wrote and that a request must have.
 *
 * @param option The option's name, for the message.
 * @throws {ConfigurationError} for what is no list, holds a value that is no scope (RFC 6749 3.3) or that a client would
 *   misread in a challenge, and for `offline_access`, which no token holds.
 * @example
 * const scopes = requiredScopes('require.scopes', options.require?.scopes)
 */
export function requiredScopes(option: string, scopes: readonly string[] | undefined): readonly string[] {
  const checked = checkedScopes(option, scopes)
  if (!checked.includes('offline_access')) return checked
  throw new ConfigurationError(
    option,
    'holds "offline_access"',
    'Leave it out: it is between the client and the authorization server, and in no access token.',
  )
}

/**
 * Checks scopes that a developer wrote.
 *
 * @param option The option's name, for the message.
 * @throws {ConfigurationError} for what is no list, or holds a value that is no scope or that a client would misread in a challenge.
 */
export function checkedScopes(option: string, scopes: readonly string[] | undefined): readonly string[] {
  if (scopes !== undefined && !Array.isArray(scopes)) {
    throw new ConfigurationError(
      option,
      `${said(scopes)} is not a list`,
      "Pass an array with one scope per entry, such as ['files:read'].",
    )
  }
  for (const scope of scopes ?? []) {
    if (typeof scope !== 'string' || !isScopeToken(scope)) {
      throw new ConfigurationError(
        option,
        `${said(scope)} is not a scope`,
        'A scope is a word without spaces, quotes or backslashes; pass several as a list.',
      )
    }
    if (looksLikeParameter(scope)) {
      throw new ConfigurationError(
        option,
        `"${scope}" looks like a parameter of the WWW-Authenticate header`,
        'Clients would misread the challenge: rename the scope so that it holds no `scope=` or `error=`.',
      )
    }
  }
  return scopes ?? []
}

/** Clients search the whole header with a plain regular expression, so a value must not resemble another parameter. */
export function looksLikeParameter(text: string): boolean {
  return /(scope|error|error_description|resource_metadata)=/i.test(text)
}
