import { AccessDenied } from '@drawbridge/core/provider'
import type { GoogleAllow, GoogleOptions, GoogleUser } from './options.ts'

const managed =
  'This Google account is not of an organization that has access here. Please choose another one.'
const unverified = 'The email address of this Google account is not verified.'
const unknown = 'This Google account has no access here. You can try again with another one.'

/**
 * The rules, and then the operator's predicate.
 * https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
 */
export function permitting({ allow, permit }: GoogleOptions): (user: GoogleUser) => Promise<boolean> {
  return async (user) => {
    if (allow) admit(user, allow)
    return permit === undefined || permit(user)
  }
}

function admit(
  { hd, email, email_verified }: GoogleUser,
  { hostedDomains = [], emails = [], verifiedEmail }: GoogleAllow,
): void {
  const isVerified = email_verified === true && typeof email === 'string'
  if (verifiedEmail && !isVerified) throw new AccessDenied(unverified)
  if (hostedDomains.length + emails.length === 0) return
  if (isVerified && isAmong(emails, email)) return
  if (typeof hd === 'string' && isAmong(hostedDomains, hd)) return
  throw new AccessDenied(emails.length > 0 ? unknown : managed)
}

function isAmong(names: readonly string[], name: string): boolean {
  return names.some((each) => each.toLowerCase() === name.toLowerCase())
}
