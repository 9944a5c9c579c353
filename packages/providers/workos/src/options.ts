import {
  checkAllow,
  checkCall,
  type OpenIdClaims,
  type ProviderOptions,
  providerOptionsTable,
} from '@drawbridge/core/provider'

/** Who may enter: somebody who matches any rule, and has a verified address where that is asked for. */
export interface WorkOSAllow {
  /**
   * Whoever signs in as a member of one of these organizations, by their ids: `org_01HRDMC6CM357W30QMHMQ96Q0S`. Somebody
   * who is in several chooses one of them at AuthKit, and that one counts.
   */
  organizations?: readonly string[] | undefined
  /** Whoever has a verified address at one of these domains, and not below them. */
  emailDomains?: readonly string[] | undefined
  /** Whoever has one of these addresses, verified. */
  emails?: readonly string[] | undefined
  /** Only who has a verified address; alone, all of those. */
  verifiedEmail?: true | undefined
}

/** What WorkOS says of somebody, and what a tool learns. `sub` is the user's id there: `user_01...`. */
export interface WorkOSUser extends OpenIdClaims {
  readonly given_name?: string | undefined
  readonly family_name?: string | undefined
  /** The organization that they signed in as a member of. Absent: they are in none. */
  readonly org_id?: string | undefined
}

/** Options of {@link workos}. */
export interface WorkOSOptions extends ProviderOptions<WorkOSUser, WorkOSAllow> {
  /**
   * The AuthKit domain: `acme.authkit.app`, or your own. An origin such as `http://localhost:4000` stands for a development
   * provider. Default: the environment variable `DRAWBRIDGE_<ID>_DOMAIN`.
   */
  domain?: string | undefined
  /** What people read on the button. Most know your name and not WorkOS. Default `WorkOS`. */
  label?: string | undefined
  /**
   * Asked for at each sign-in. `openid` and `offline_access` are sent in any case, and `email` joins them with `allow`.
   * Default `['openid', 'email', 'profile']`.
   */
  scopes?: readonly string[] | undefined
}

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkOptions(options: WorkOSOptions): void {
  checkCall<WorkOSOptions>('workos({ domain, clientId, clientSecret })', options, {
    ...providerOptionsTable,
    domain: 'text',
  })
  checkAllow<WorkOSAllow>(options.allow, {
    organizations: 'names',
    emailDomains: 'domains',
    emails: 'emails',
    verifiedEmail: 'true',
  })
}
