import {
  checkAllow,
  checkCall,
  environment,
  type OpenIdClaims,
  type ProviderOptions,
  providerOptionsTable,
  variableOf,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'

/** Who may enter: an account that matches any rule, and has a verified address where that is asked for. */
export interface GoogleAllow {
  /**
   * Accounts that an organization manages, by the organization's primary domain at Google: `acme.dev`. It is told by the
   * claim `hd`, never by the address: anybody can have a Google account with an address of theirs at `acme.dev`.
   */
  hostedDomains?: readonly string[] | undefined
  /**
   * Accounts with one of these addresses, verified. Google answers for addresses of Gmail and of hosted domains; any other
   * was verified when the account was made, and may belong to somebody else by now.
   */
  emails?: readonly string[] | undefined
  /** Only accounts whose address is verified; alone, all of those. */
  verifiedEmail?: true | undefined
}

/** What Google says of somebody, and what a tool learns. */
export interface GoogleUser extends OpenIdClaims {
  readonly given_name?: string | undefined
  readonly family_name?: string | undefined
  /** The domain of the organization that manages the account. Absent: nobody does. */
  readonly hd?: string | undefined
}

/** Options of {@link google}. */
export interface GoogleOptions extends ProviderOptions<GoogleUser, GoogleAllow> {
  /**
   * Asked for at each sign-in, by their short names: `calendar.readonly`. `openid` is sent in any case, and `email` joins
   * them with `allow`. Default `['openid', 'email', 'profile']`.
   */
  scopes?: readonly string[] | undefined
  /**
   * Where Google's metadata is discovered; a development provider can stand in. Default: the
   * environment variable `DRAWBRIDGE_<ID>_ISSUER`, else `https://accounts.google.com`.
   */
  issuer?: string | undefined
}

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkOptions(options: GoogleOptions): void {
  checkCall<GoogleOptions>('google({ clientId, clientSecret })', options, {
    ...providerOptionsTable,
    issuer: 'text',
  })
  checkRules(options.allow)
}

/** @throws {ConfigurationError} for rules that nobody can match */
export function checkRules(allow: GoogleAllow | undefined): void {
  checkAllow<GoogleAllow>(allow, {
    hostedDomains: 'domains',
    emails: 'emails',
    verifiedEmail: 'true',
  })
}

/** @throws {ConfigurationError} for one that is not https */
export function issuerOf(id: string, given: string | undefined): string {
  const issuer = given ?? environment(variableOf(id, 'ISSUER')) ?? 'https://accounts.google.com'
  secureUrl('issuer', issuer, 'Pass an https URL.')
  return issuer
}
