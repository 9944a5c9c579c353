import { AccessDenied, isAmong } from '@drawbridge/core/provider'
import type { AzureUser } from './identity.ts'
import type { AzureAllow } from './rules.ts'
import { checkTenant, type Tenants } from './tenants.ts'

const guest = 'Guests of this organization have no access here. Please choose another account.'
const unknown =
  'This account has no access here. Please ask your administrator for it, or choose another one.'
const tooMany =
  'This account is in more groups than Microsoft tells of here. Please ask your administrator for access by a role.'

/** Throws for whom the rules do not let in. */
export function admit(
  user: AzureUser,
  {
    tenants,
    users = [],
    groups = [],
    roles = [],
    membersOnly,
  }: Omit<AzureAllow, 'tenants'> & { tenants: Tenants },
): void {
  checkTenant(tenants, user.tid)
  // An optional claim of the app registration: where it is not there, nobody is a member.
  if (membersOnly && user.acct !== 0 && user.acct !== '0') throw new AccessDenied(guest)
  if (users.length + groups.length + roles.length === 0) return
  const isNamed = isAmong(users, user.oid) || user.groups?.some((group) => isAmong(groups, group))
  if (isNamed || user.roles?.some((role) => roles.includes(role))) return
  throw new AccessDenied(groups.length > 0 && user.groups_overage ? tooMany : unknown)
}
