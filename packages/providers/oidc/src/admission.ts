import { AccessDenied, isAmong, verifiedEmail } from '@drawbridge/core/provider'
import type { OidcAllow, OidcOptions, OidcUser } from './options.ts'

/** The rules, and then the operator's predicate. */
export function permitting({ allow, permit }: OidcOptions): (user: OidcUser) => Promise<boolean> {
  return async (user) => {
    if (allow) admit(user, allow)
    return permit === undefined || permit(user)
  }
}

function admit(user: OidcUser, { emailDomains = [], emails = [] }: OidcAllow): void {
  const email = verifiedEmail(user)
  if (email === undefined) {
    throw new AccessDenied('This account has no verified email address, and nobody has access without one.')
  }
  if (emailDomains.length + emails.length === 0) return
  if (isAmong(emails, email) || isAmong(emailDomains, email.slice(email.lastIndexOf('@') + 1))) return
  throw new AccessDenied('This account has no access here. You can try again with another one.')
}
