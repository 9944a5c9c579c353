import { AccessDenied, isAmong, verifiedEmail } from '@drawbridge/core/provider'
import type { GoogleAllow, GoogleUser } from './options.ts'

const managed =
  'This Google account is not of an organization that has access here. Please choose another one.'
const unverified = 'The email address of this Google account is not verified.'
const unknown = 'This Google account has no access here. You can try again with another one.'

/**
 * Throws for whom the rules do not let in.
 * https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
 */
export function admit(
  user: GoogleUser,
  { hostedDomains = [], emails = [], verifiedEmail: onlyVerified }: GoogleAllow,
): void {
  const email = verifiedEmail(user)
  if (onlyVerified && email === undefined) throw new AccessDenied(unverified)
  if (hostedDomains.length + emails.length === 0) return
  if (isAmong(emails, email) || isAmong(hostedDomains, user.hd)) return
  throw new AccessDenied(emails.length > 0 ? unknown : managed)
}
