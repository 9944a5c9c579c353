import { ConfigurationError, type MeantFor } from '@drawbridge/core/provider'
import { isSameResource, isScopeToken, unionScopes } from '@drawbridge/core/syntax'
import { listOf } from './options.ts'

/** The claims of a token as its issuer wrote them (RFC 7519 4.1, RFC 7662 2.2). */
export type Claims = Readonly<Record<string, unknown>>

/** Why `exp` and `nbf` refuse a token at this time, in seconds. */
export function timeRefusal(claims: Claims, now: number, tolerance: number): string | undefined {
  const { exp, nbf } = claims
  if (exp !== undefined) {
    if (!isNumericDate(exp)) return 'malformed_exp'
    if (exp <= now - tolerance) return 'expired'
  }
  if (nbf !== undefined) {
    if (!isNumericDate(nbf)) return 'malformed_nbf'
    if (nbf > now + tolerance) return 'not_yet_valid'
  }
  return undefined
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

interface AudienceRule {
  /** At least one of these must be there. `undefined`: the resource itself. */
  accepted: readonly string[] | undefined
  /** These may be there besides. */
  tolerated: readonly string[]
}

/** Checks the audience options. Throws {@link ConfigurationError}. */
export function audienceRule(options: {
  audience?: string | readonly string[] | undefined
  toleratedAudiences?: readonly string[] | undefined
}): AudienceRule {
  const accepted = options.audience === undefined ? undefined : listOf(options.audience)
  if (accepted && (accepted.length === 0 || accepted.some((one) => !one))) {
    throw new ConfigurationError(
      'audience',
      accepted.length === 0 ? 'is an empty list' : 'is empty',
      'Name what tokens for this server carry as `aud`, or leave it out when that is the resource.',
    )
  }
  return { accepted, tolerated: options.toleratedAudiences ?? [] }
}

/**
 * Why `aud` refuses a token. One that is meant for us and for others too could be taken from us to them, or from them
 * to us, so foreign audiences are refused even beside our own.
 */
export function audienceRefusal(aud: unknown, resource: string, rule: AudienceRule): string | undefined {
  const audiences = typeof aud === 'string' ? [aud] : aud
  if (!Array.isArray(audiences) || !audiences.every((audience) => typeof audience === 'string'))
    return 'no_audience'
  const ours = (audience: string): boolean =>
    rule.accepted ? rule.accepted.includes(audience) : isSameResource(audience, resource)
  if (!audiences.some(ours)) return 'audience'
  if (!audiences.every((audience) => ours(audience) || rule.tolerated.includes(audience)))
    return 'foreign_audience'
  return undefined
}

/** Whom a genuine token is for that {@link audienceRefusal} refuses, for the operator to hear. */
export function meantFor(
  refused: string | undefined,
  claims: Claims,
  { accepted }: AudienceRule,
  clientId: string,
): MeantFor | undefined {
  if (refused !== 'audience' && refused !== 'foreign_audience') return undefined
  return { audiences: [claims.aud].flat() as string[], accepted, clientId }
}

/**
 * Why something is no bearer access token although its issuer vouches for it: id_tokens, refresh and logout tokens
 * are often signed with the same keys, and a token bound to a key (RFC 7800) is worth nothing without its proof.
 */
export function kindRefusal(claims: Claims): string | undefined {
  if (claims.cnf !== undefined) return 'sender_constrained'
  // OpenID Connect Core 3.1.3.6: only an id_token vouches for the values it came with. RFC 8417: a security event.
  if (claims.at_hash !== undefined || claims.c_hash !== undefined || claims.events !== undefined)
    return 'not_access_token'
  // How some issuers mark their kinds in the payload, where the header's `typ` is always JWT.
  if (typeof claims.token_use === 'string' && !/^access/i.test(claims.token_use)) return 'not_access_token'
  if (typeof claims.typ === 'string' && /^(id|refresh|offline|logout)$/i.test(claims.typ))
    return 'not_access_token'
  return undefined
}

/**
 * Why the operator's own look refuses: for anything but `true`. Whether an async function agrees would be known too late.
 *
 * @throws {ConfigurationError} when it answers with a promise
 */
export function acceptRefusal<Given>(
  accept: ((claims: Given) => boolean) | undefined,
  claims: Given,
): string | undefined {
  if (!accept) return undefined
  return atOnce('accept', accept(claims), 'Return true or false') === true ? undefined : 'not_accepted'
}

/** What an operator's function answered, unless that is a promise. Throws {@link ConfigurationError}. */
export function atOnce(option: string, answer: unknown, instead: string): unknown {
  if (typeof Object(answer).then !== 'function') return answer
  // A rejection that nobody handles would end the process.
  Promise.resolve(answer).catch(() => {})
  throw new ConfigurationError(
    option,
    'answered with a promise',
    `${instead}, and nothing that has to be waited for.`,
  )
}

/** The first of these claims that holds scopes: words in a string (RFC 8693 4.2), or a list of strings. */
export function scopesOf(claims: Claims, names: readonly string[] = ['scope', 'scp']): string[] {
  for (const name of names) {
    const value = claims[name]
    const words = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
    const scopes = words.filter((word): word is string => typeof word === 'string' && isScopeToken(word))
    if (scopes.length > 0) return unionScopes(scopes)
  }
  return []
}

/** The first of these claims that holds a client's id; empty, where none does. */
export function clientIdOf(claims: Claims, names: readonly string[] = ['client_id', 'azp']): string {
  return firstString(claims, names) ?? ''
}

/** The first of these claims that is a non-empty string. */
export function firstString(claims: Claims, names: readonly string[]): string | undefined {
  return names
    .map((name) => claims[name])
    .find((value): value is string => typeof value === 'string' && value !== '')
}
