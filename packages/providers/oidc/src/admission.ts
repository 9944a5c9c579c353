import { AccessDenied, isAmong, verifiedEmail } from '@drawbridge/core/provider'
import type { OidcAllow, OidcUser } from './options.ts'

/** Throws for whom the rules do not let in. */
export function admit(user: OidcUser, { emailDomains = [], emails = [] }: OidcAllow): void {
  const email = verifiedEmail(user)
  if (email === undefined) {
    throw new AccessDenied('This account has no verified email address, and nobody has access without one.')
  }
  if (emailDomains.length + emails.length === 0) return
  if (isAmong(emails, email) || isAmong(emailDomains, email.slice(email.lastIndexOf('@') + 1))) return
  throw new AccessDenied('This account has no access here. You can try again with another one.')
}
