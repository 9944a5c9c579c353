import {
  checkAllow,
  checkCall,
  type OpenIdClaims,
  type OpenIdConnectOptions,
} from '@drawbridge/core/provider'

/** Who may enter: an account that matches any rule, and has a verified address where that is asked for. */
export interface OidcAllow {
  /** Accounts with a verified address at one of these domains, and not below them. */
  emailDomains?: readonly string[] | undefined
  /** Accounts with one of these addresses, verified. */
  emails?: readonly string[] | undefined
  /** Only accounts whose address is verified (`email_verified`); alone, all of those. */
  verifiedEmail?: true | undefined
}

/** Options of {@link oidc}. */
export interface OidcOptions
  extends Pick<
    OpenIdConnectOptions,
    'clientId' | 'clientSecret' | 'clientAuth' | 'endpoints' | 'permit' | 'tokens' | 'revocation' | 'userinfo'
  > {
  /** As the provider publishes it, with its last slash or without. Default: the environment variable `DRAWBRIDGE_<ID>_ISSUER`. */
  issuer?: string | undefined
  /** Part of every subject and of the callback path: never change it once there are users. Default `oidc`. */
  id?: string | undefined
  /** What people read on the button. Default: the issuer's host. */
  label?: string | undefined
  /**
   * Asked for at each sign-in. `openid` is sent in any case, `email` joins them with `allow`, and `offline_access` is never
   * shown to clients. Default `['openid', 'profile', 'email']`.
   */
  scopes?: readonly string[] | undefined
  /** More for the authorization URL: `{ prompt: 'consent' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Left out: everybody may enter whom the provider lets in. */
  allow?: OidcAllow | undefined
}

/** What the provider says of somebody, and what a tool learns. */
export type OidcUser = OpenIdClaims

/** @throws {ConfigurationError} for an option that there is not, or that cannot be what it is */
export function checkOptions(options: OidcOptions): void {
  checkCall<OidcOptions>('oidc({ issuer, clientId, clientSecret })', options, {
    issuer: 'text',
    clientId: 'text',
    clientSecret: 'text',
    clientAuth: true,
    id: 'text',
    label: 'text',
    scopes: 'texts',
    endpoints: 'object',
    parameters: 'object',
    tokens: 'text',
    revocation: 'text',
    userinfo: 'flag',
    allow: true,
    permit: 'function',
  })
  checkAllow<OidcAllow>(options.allow, {
    emailDomains: 'domains',
    emails: 'emails',
    verifiedEmail: 'true',
  })
}
