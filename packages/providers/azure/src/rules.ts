import { ConfigurationError, checkAllow } from '@drawbridge/core/provider'

/**
 * Who may enter: an account of a tenant that is meant, and, where `users`, `groups` or `roles` name somebody, one of those.
 * No address is among the rules: at Entra, any administrator may write any address into an account.
 */
export type AzureAllow = TenantRules | AnyTenant

interface TenantRules {
  /** Ids of tenants, where `tenant` is `organizations` or `common`. */
  tenants?: readonly string[] | undefined
  anyTenant?: undefined
  /** Object ids of single accounts. */
  users?: readonly string[] | undefined
  /** Object ids of groups. The app registration has to add groups to its id_tokens (_Token configuration_). */
  groups?: readonly string[] | undefined
  /** App roles, by their value. They are given by each tenant's own administrators. */
  roles?: readonly string[] | undefined
  /** No guests. The app registration has to add the optional claim `acct` to its id_tokens. */
  membersOnly?: true | undefined
}

/** Everybody whom any organization lets in; with `common`, everybody at all. What they are called elsewhere is no rule. */
interface AnyTenant {
  anyTenant: true
  tenants?: undefined
  users?: undefined
  groups?: undefined
  roles?: undefined
  membersOnly?: undefined
}

/** @throws {ConfigurationError} for rules that nobody can match, and for those that strangers could */
export function checkRules(allow: AzureAllow | undefined): void {
  checkAllow<AzureAllow>(allow, {
    tenants: 'names',
    anyTenant: 'true',
    users: 'names',
    groups: 'names',
    roles: 'names',
    membersOnly: 'true',
  })
  const others = Object.entries(allow ?? {}).filter(
    ([name, value]) => name !== 'anyTenant' && value !== undefined,
  )
  if (!allow?.anyTenant || others.length === 0) return
  throw new ConfigurationError(
    'allow.anyTenant',
    `is there with ${others.map(([name]) => name).join(', ')}`,
    'Name the tenants in allow.tenants instead: the administrators of any other could give their people the same roles.',
  )
}
