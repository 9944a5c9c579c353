import {
  checkAllow,
  checkCall,
  environment,
  type OpenIdClaims,
  type OpenIdConnectOptions,
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
export interface GoogleOptions
  extends Pick<OpenIdConnectOptions<GoogleUser>, 'clientId' | 'clientSecret' | 'clientAuth' | 'endpoints'> {
  /** Part of every subject and of the callback path: never change it once there are users. Default `google`. */
  id?: string | undefined
  /** What people read on the button. Default `Google`. */
  label?: string | undefined
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
  /** More for the authorization URL: `{ prompt: 'select_account' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Left out: everybody with a Google account may enter. */
  allow?: GoogleAllow | undefined
  /**
   * Whether somebody whom `allow` lets in may enter; only `true` lets them in. Asked each time that the rules are. May
   * throw `AccessDenied` to say why not; any other error is an outage. Default: nobody else is refused.
   */
  permit?: ((user: GoogleUser) => boolean | Promise<boolean>) | undefined
}

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkOptions(options: GoogleOptions): void {
  checkCall<GoogleOptions>('google({ clientId, clientSecret })', options, {
    clientId: 'text',
    clientSecret: 'text',
    clientAuth: true,
    id: 'text',
    label: 'text',
    scopes: 'texts',
    endpoints: 'object',
    issuer: 'text',
    parameters: 'object',
    allow: true,
    permit: 'function',
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
