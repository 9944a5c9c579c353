import { ConfigurationError } from '../errors.ts'
import { checkMembers, type OptionTable } from '../known-options.ts'
import type { OpenIdClaims } from './open-id-connect.ts'

/**
 * What a member of a provider's `allow` is: lists of e-mail addresses, of domains, of names that the provider has for
 * something, or a flag that is true or left out.
 */
export type RuleKind = 'emails' | 'domains' | 'names' | 'true'

/**
 * Checks a provider's `allow`, so that no mistake in it means everybody. Left out is fine.
 *
 * @throws {ConfigurationError} for a rule there is not, one that nobody can match, or none at all
 * @example
 * checkAllow<AcmeAllow>(options.allow, { tenants: 'domains', emails: 'emails', verifiedEmail: 'true' })
 */
export function checkAllow<Allow extends object>(
  allow: Allow | undefined,
  table: Readonly<Record<keyof Allow, RuleKind>>,
): void {
  const kinds = Object.entries<RuleKind>(table)
  const members = Object.fromEntries(kinds.map(([name, kind]) => [name, kind === 'true' ? 'flag' : 'texts']))
  checkMembers<Allow>('allow', allow, members as OptionTable<Allow>)
  if (allow === undefined) return
  let isEmpty = true
  for (const [name, kind] of kinds) {
    const value: unknown = allow[name as keyof Allow]
    if (value === false)
      throw new ConfigurationError(`allow.${name}`, 'is false', 'Pass true, or leave it out.')
    if (value === true || (Array.isArray(value) && value.length > 0)) isEmpty = false
    if (kind === 'domains') checkDomains(`allow.${name}`, (value ?? []) as readonly string[])
    if (kind === 'emails') checkEmails(`allow.${name}`, (value ?? []) as readonly string[])
    if (kind === 'names') checkNames(`allow.${name}`, (value ?? []) as readonly string[])
  }
  if (isEmpty) {
    throw new ConfigurationError(
      'allow',
      'names nobody',
      `Name somebody in ${Object.keys(table).join(', ')}; leave \`allow\` out to let everybody in whom the provider does.`,
    )
  }
  // A flag beside it would let in all that have it.
  const [empty] = Object.entries(allow).find(([, value]) => Array.isArray(value) && value.length === 0) ?? []
  if (empty === undefined) return
  throw new ConfigurationError(`allow.${empty}`, 'is empty', 'Name somebody in it, or leave it out.')
}

function checkDomains(option: string, domains: readonly string[]): void {
  for (const domain of domains) {
    if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain)) continue
    throw new ConfigurationError(option, `"${domain}" is not a domain`, 'Write it as in "acme.dev".')
  }
}

function checkEmails(option: string, emails: readonly string[]): void {
  if (emails.every(isAddress)) return
  // Which one it is stays out of messages.
  throw new ConfigurationError(option, 'holds what is no address', 'Use whole addresses.')
}

/** A single one, with one domain. */
function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text)
}

function checkNames(option: string, names: readonly string[]): void {
  if (names.every((name) => name.trim() === name && name !== '')) return
  throw new ConfigurationError(
    option,
    'holds an empty name, or one with space around it',
    'Write each as the provider does.',
  )
}

/**
 * A provider's `permit` of its two options: the rules in `allow`, and then the operator's own predicate.
 *
 * @param admit throws `AccessDenied` for whom the rules do not let in
 * @example
 * const permit = permitting(options, (user, allow) => {
 *   if (!isAmong(allow.emails ?? [], verifiedEmail(user))) throw new AccessDenied('This account has no access here.')
 * })
 */
export function permitting<User, Allow>(
  {
    allow,
    permit,
  }: { allow?: Allow | undefined; permit?: ((user: User) => boolean | Promise<boolean>) | undefined },
  admit: (user: User, allow: Allow) => void,
): (user: User) => Promise<boolean> {
  return async (user) => {
    if (allow) admit(user, allow)
    return permit === undefined || permit(user)
  }
}

/**
 * The address that the provider says it has verified, and no other: whoever may write an address of their choice into a
 * profile must not enter by it.
 *
 * @example
 * const email = verifiedEmail(claims)
 * if (email === undefined || !isAmong(allow.emails, email)) throw new AccessDenied('...')
 */
export function verifiedEmail({ email, email_verified }: OpenIdClaims): string | undefined {
  return email_verified === true && typeof email === 'string' && isAddress(email) ? email : undefined
}

/** Whether one of these addresses or domains is meant, in capitals or not. Letters that only look alike are others. */
export function isAmong(names: readonly string[], name: unknown): boolean {
  return typeof name === 'string' && names.some((each) => lowerCase(each) === lowerCase(name))
}

/** Of ASCII alone: `toLowerCase` makes a k of the Kelvin sign. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
