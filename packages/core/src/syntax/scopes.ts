import { ConfigurationError } from '../errors.ts'
import { nearest, said } from '../known-options.ts'

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
 * The scopes of `needed` that `held` lacks, compared by character (RFC 6749 3.3). For what is written out in full:
 * `AuthInfo.scopes`, and what a provider granted. Where a broader scope may stand for a narrower one, a `ScopeHierarchy`
 * compares.
 *
 * @example
 * missingScopes(['files:read', 'mail'], ['mail', 'files']) // ['files:read']
 */
export function missingScopes(needed: readonly string[], held: readonly string[]): string[] {
  return needed.filter((scope) => !held.includes(scope))
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
 * @param grantable `Auth.grantableScopes`, where that is known
 * @throws {ConfigurationError} for what is no list, holds a value that is no scope (RFC 6749 3.3) or that a client would
 *   misread in a challenge, for `offline_access`, which no token holds, and for a scope that nobody can be granted.
 * @example
 * const scopes = requiredScopes('require.scopes', options.require?.scopes, auth.grantableScopes)
 */
export function requiredScopes(
  option: string,
  scopes: readonly string[] | undefined,
  grantable?: readonly string[] | undefined,
): readonly string[] {
  const checked = checkedScopes(option, scopes)
  if (checked.includes('offline_access')) {
    throw new ConfigurationError(
      option,
      'holds "offline_access"',
      'Leave it out: it is between the client and the authorization server, and in no access token.',
    )
  }
  // An Auth may be plain JavaScript.
  const known = Array.isArray(grantable) ? grantable.filter((one) => typeof one === 'string') : undefined
  const unattainable = known && checked.find((scope) => !known.includes(scope))
  if (known === undefined || unattainable === undefined) return checked
  const meant = nearest(unattainable, known)
  throw new ConfigurationError(
    option,
    `holds "${unattainable}", which nobody can be granted`,
    meant === undefined
      ? "Add it to the server's `scopes.supported`; where it is there, see which provider can grant it."
      : `Did you mean "${meant}"? Otherwise add it to the server's \`scopes.supported\`.`,
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
