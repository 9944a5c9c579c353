import { AccessDenied, isAmong, verifiedEmail } from '@drawbridge/core/provider'
import type { OidcAllow, OidcUser } from './options.ts'

/** A list of `allow` about something else than addresses. */
export interface Rule {
  /** The claim that says it. */
  claim: string
  /** The names that somebody has by this claim. Default: the claim, which is a name or a list of them. */
  names?: ((claim: unknown) => unknown) | undefined
}

export type Rules = Readonly<Record<string, Rule>>

/** Throws for whom the rules do not let in. Names compare exactly: they are the provider's. */
export function admit(user: OidcUser, allow: OidcAllow, rules: Rules = {}): void {
  const { emailDomains = [], emails = [], verifiedEmail: onlyVerified } = allow
  const email = verifiedEmail(user)
  const lists = Object.entries(rules).map(([name, rule]) => ({ rule, named: namedIn(allow, name) }))
  const isAboutAddresses = lists.every(({ named }) => named.length === 0)
  if (email === undefined && (onlyVerified || isAboutAddresses)) {
    throw new AccessDenied('This account has no verified email address, and nobody has access without one.')
  }
  if (isAboutAddresses && emailDomains.length + emails.length === 0) return
  if (isAmong(emails, email) || isAmong(emailDomains, email?.slice(email.lastIndexOf('@') + 1))) return
  if (lists.some(({ rule, named }) => held(rule, user).some((name) => named.some((each) => each === name))))
    return
  throw new AccessDenied('This account has no access here. You can try again with another one.')
}

/** The rules about something else than addresses that `allow` makes use of. */
export function usedRules(allow: OidcAllow | undefined, rules: Rules): Rule[] {
  return Object.entries(rules).flatMap(([name, rule]) =>
    namedIn(allow ?? {}, name).length > 0 ? [rule] : [],
  )
}

function namedIn(allow: OidcAllow, rule: string): readonly string[] {
  return (allow as Readonly<Record<string, readonly string[] | undefined>>)[rule] ?? []
}

function held({ claim, names = (value) => value }: Rule, user: OidcUser): readonly unknown[] {
  const value = names(user[claim])
  return Array.isArray(value) ? value : [value]
}
