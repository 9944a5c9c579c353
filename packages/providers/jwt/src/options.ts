import type { Clock, OptionTable } from '@drawbridge/core/provider'

/** What both verifiers are told about claims, and about asking for something. Every duration is in seconds. */
export interface ClaimsOptions<User, Claims> {
  /** What `aud` must hold one of. Default: the resource itself, as clients ask for it (RFC 8707). */
  audience?: string | readonly string[] | undefined
  /**
   * Audiences that a token may name beside ours. Any other refuses it, since whoever receives such a token could use
   * it here.
   */
  toleratedAudiences?: readonly string[] | undefined
  /** A last look at the claims, such as a tenant or a role. Only `true` lets the token in. */
  accept?: ((claims: Claims) => boolean) | undefined
  /** How far the issuer's clock may be off. Default 30. */
  clockTolerance?: number | undefined
  /** Where scopes are; the first that holds any counts. Default `scope`, then `scp`. */
  scopeClaims?: readonly string[] | undefined
  /** Where the client's id is. Default `client_id`, then `azp`; without either it is empty. */
  clientIdClaims?: readonly string[] | undefined
  /** Makes of the claims what tools see as the user. Default: the claims themselves. */
  user?: ((claims: Claims) => User | Promise<User>) | undefined
  /** For what is asked of the issuer. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** How long each answer may take. Default 10. */
  timeout?: number | undefined
  clock?: Clock | undefined
}

/** For the tables of both. */
export const claimsTable: OptionTable<ClaimsOptions<unknown, unknown>> = {
  audience: 'text or texts',
  toleratedAudiences: 'texts',
  accept: 'function',
  clockTolerance: 'seconds',
  scopeClaims: 'texts',
  clientIdClaims: 'texts',
  user: 'function',
  fetch: 'function',
  timeout: 'seconds',
  clock: 'clock',
}

/** One or several, as a list. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return isList(value) ? value : [value]
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
