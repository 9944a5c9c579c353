import { AccessDenied, checkAllow, isAmong, type RuleKind, verifiedEmail } from '@drawbridge/core/provider'
import type { OidcAllow, OidcUser } from './options.ts'

/** A list of `allow` about something else than addresses. */
export interface Rule {
  /** The claim that says it. */
  claim: string
  /** The names that somebody has by this claim. Default: the claim, which is a name or a list of them. */
  names?: ((claim: unknown) => unknown) | undefined
  /** Userinfo never says it. */
  onlyIdToken?: true | undefined
}

export type Rules = Readonly<Record<string, Rule>>

/** @throws {ConfigurationError} for rules that nobody can match, or none */
export function checkRules(allow: OidcAllow | undefined, rules: Rules = {}): void {
  const own = Object.keys(rules).map((name): [string, RuleKind] => [name, 'names'])
  checkAllow<OidcAllow>(allow, {
    ...{ emailDomains: 'domains', emails: 'emails', verifiedEmail: 'true' },
    ...Object.fromEntries(own),
  })
}

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

/** The claims that the rules are about, and that userinfo may have where an id_token has not. */
export function claimsAskedFor(allow: OidcAllow | undefined, rules: Rules): string[] {
  if (allow === undefined) return []
  const used = Object.entries(rules).filter(([name]) => namedIn(allow, name).length > 0)
  const byAddress = [allow.emails, allow.emailDomains, allow.verifiedEmail].some((rule) => rule !== undefined)
  return [
    ...(byAddress ? ['email_verified'] : []),
    ...used.flatMap(([, { claim, onlyIdToken }]) => (onlyIdToken ? [] : [claim])),
  ]
}

function namedIn(allow: OidcAllow, rule: string): readonly string[] {
  return (allow as Readonly<Record<string, readonly string[] | undefined>>)[rule] ?? []
}

function held({ claim, names = (value) => value, onlyIdToken }: Rule, user: OidcUser): readonly unknown[] {
  // That nobody said it is an outage, and no verdict.
  if (onlyIdToken && user.iss === undefined) throw new Error(`there is no id_token, which alone has ${claim}`)
  const value = names(user[claim])
  return Array.isArray(value) ? value : [value]
}
