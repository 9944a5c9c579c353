import {
  type OpenIdClaims,
  type OpenIdConnectOptions,
  type OptionTable,
  type ProviderOptions,
  providerOptionsTable,
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

/** What the provider says of somebody, and what a tool learns. */
export type OidcUser = OpenIdClaims

/** What every function of this package takes, by the names that all providers have. */
export interface CommonOptions<Allow = OidcAllow>
  extends ProviderOptions<OidcUser, Allow>,
    Pick<OpenIdConnectOptions, 'tokens' | 'revocation'> {
  /**
   * Asked for at each sign-in. `openid` is sent in any case, `email` joins them with `allow`, and `offline_access` is never
   * shown to clients.
   */
  scopes?: readonly string[] | undefined
}

/** For the tables of all of them. */
export const commonTable: OptionTable<CommonOptions> = {
  ...providerOptionsTable,
  tokens: 'text',
  revocation: 'text',
}

/** Options of {@link oidc}. */
export interface OidcOptions extends CommonOptions, Pick<OpenIdConnectOptions, 'userinfo'> {
  /** As the provider publishes it, with its last slash or without. Default: the environment variable `DRAWBRIDGE_<ID>_ISSUER`. */
  issuer?: string | undefined
}
