import type { Auth, OAuthServerWithDefault } from '@drawbridge/core'
import type { Storage } from '@drawbridge/core/storage'
import { type DecoratorCase, decoratorCases } from './decorator-contract/cases.ts'
import { authMembers, defaultServerMembers, storageMembers } from './decorator-contract/members.ts'

export type { DecoratorCase }

/**
 * What whoever wraps an `Auth` owes it, as a list of cases for any test runner: every member is there, reaches the
 * wrapped one with every argument and `this`, and passes on what comes back or is thrown. The wrapped one has its
 * methods on a prototype, as those of a class are, so that `{ ...auth }` does not do.
 *
 * @example
 * ```ts
 * for (const c of authDecoratorContract()) it(c.name, () => c.run((auth) => traced(auth)))
 * ```
 */
export function authDecoratorContract(): DecoratorCase<Auth>[] {
  return decoratorCases<Auth>(authMembers)
}

/**
 * The same for whoever wraps an `OAuthServer`, here one that has a default resource; what `at()` answers is held to the contract of an `Auth`.
 *
 * @example
 * ```ts
 * for (const c of serverDecoratorContract()) it(c.name, () => c.run((server) => traced(server)))
 * ```
 */
export function serverDecoratorContract(): DecoratorCase<OAuthServerWithDefault>[] {
  return decoratorCases<OAuthServerWithDefault>(defaultServerMembers)
}

/**
 * The same for whoever wraps a `Storage`. Set the wrapper so that it does no harm: without delays and failures.
 *
 * @example
 * ```ts
 * for (const c of storageDecoratorContract()) it(c.name, () => c.run((storage) => counting(storage)))
 * ```
 */
export function storageDecoratorContract(): DecoratorCase<Storage>[] {
  return decoratorCases<Storage>(storageMembers)
}
