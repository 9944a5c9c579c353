import { AccessDenied, isAmong, verifiedEmail } from '@drawbridge/core/provider'
import type { WorkOSAllow, WorkOSUser } from './options.ts'

const elsewhere =
  'You are not signed in as a member of an organization that has access here. You can try again as another one.'
const unverified = 'The email address of this account is not verified.'
const unknown = 'This account has no access here. You can try again with another one.'

/** Throws for whom the rules do not let in. */
export function admit(user: WorkOSUser, allow: WorkOSAllow): void {
  const { organizations = [], emailDomains = [], emails = [] } = allow
  const email = verifiedEmail(user)
  if (allow.verifiedEmail && email === undefined) throw new AccessDenied(unverified)
  if (organizations.length + emailDomains.length + emails.length === 0) return
  if (isOneOf(organizations, user.org_id) || isAmong(emails, email)) return
  if (isAmong(emailDomains, email?.slice(email.lastIndexOf('@') + 1))) return
  throw new AccessDenied(emailDomains.length + emails.length > 0 ? unknown : elsewhere)
}

/** Ids are compared as they are: unlike domains, capitals make another one. */
export function isOneOf(ids: readonly string[], id: unknown): boolean {
  return typeof id === 'string' && ids.includes(id)
}
