import type {
  AuthorizationParameters,
  ClientAuth,
  ClientCredentials,
  Endpoints,
  Identity,
  Login,
  OAuthProvider,
  OptionTable,
  ProviderScopes,
  SecretMethod,
} from '@drawbridge/core/provider'
import type { OidcAllow, OidcUser } from './options.ts'

/** Options of {@link oauth2}. `Claims`: what `identify` finds out, and what tools learn. */
export type OAuth2Options<Claims = OidcUser> = Service &
  Credentials &
  Place &
  (ByMembers | ByFunction<Claims>)

interface Service
  extends Pick<OAuthProvider, 'icon' | 'pkce' | 'response_mode' | 'conform' | 'revoke' | 'exchange'> {
  /** Part of every subject and of the callback path: never change it once there are users. */
  id: string
  /** What people read on the button. */
  label: string
  /**
   * A list: what is asked for at each sign-in. An object says more: `supported` by clients' wish, `descriptions` for people,
   * the `parameter` that takes them, the `separator` between them. Default: none.
   */
  scopes?: readonly string[] | ProviderScopes | undefined
  /** More for the authorization URL, the same each time or by what is asked for. */
  parameters?:
    | Readonly<Record<string, string>>
    | ((request: AuthorizationParameters) => Record<string, string>)
    | undefined
  /**
   * What the service does of what it can be told to ask, which it gets as `prompt`; a function in `parameters` can say it in
   * other words. Not `login`: no id_token would say when that was. Default: nothing.
   */
  prompts?: readonly ('select_account' | 'none')[] | undefined
  /** Whether a user's logins with the same scopes share the newest tokens. Default `per-login`. */
  tokens?: OAuthProvider['tokens'] | undefined
  /** What a revocation ends. Default: the one token, where there is a way to revoke; else `none`. */
  revocation?: OAuthProvider['revocation'] | undefined
}

/** A secret, or what stands in place of one. */
type Credentials = Pick<ClientCredentials, 'clientId'> &
  (
    | { clientSecret?: string | undefined; clientAuth?: SecretMethod | undefined }
    | { clientSecret?: undefined; clientAuth: ClientAuth }
  )

/** Where it is: written, or published by an issuer (RFC 8414), which is then checked in the callback, too (RFC 9207). */
type Place =
  | { endpoints: Needed & Further; issuer?: undefined }
  | { endpoints?: Partial<Needed & Further> | undefined; issuer: string }
type Needed = Pick<Endpoints, 'authorization' | 'token'>
type Further = Partial<Pick<Endpoints, 'revocation'>>

/** Who it is stands at a URL of the service. */
interface ByMembers {
  user: UserMembers
  identify?: undefined
  /** Needs `user.email` and `user.email_verified`. Left out: everybody may enter whom the service lets in. */
  allow?: OidcAllow | undefined
  /** Whether somebody whom `allow` lets in may enter; only `true` lets them in. As for {@link oidc}. */
  permit?: ((user: OidcUser) => boolean | Promise<boolean>) | undefined
}

/** Who it is takes more than that to find out. */
interface ByFunction<Claims> {
  /**
   * Who signed in. It is asked again at each re-check. Throw `AccessDenied` for somebody who may not enter; any other error is
   * an outage.
   */
  identify: (login: Login) => Promise<Identity<Claims>>
  user?: undefined
  /** Only with claims that say whether the service verified the address. */
  allow?: Claims extends { readonly email_verified?: unknown }
    ? 'email_verified' extends keyof Claims
      ? OidcAllow | undefined
      : undefined
    : undefined
  /** Whether somebody whom `allow` lets in may enter; only `true` lets them in. */
  permit?: ((claims: Claims) => boolean | Promise<boolean>) | undefined
}

/**
 * Where the service says who somebody is, and which members of its JSON say what. A dot leads into an object: `data.id`.
 */
export interface UserMembers {
  /** Asked with the access token. */
  url: string
  /** The member that is stable and never anybody else's: a number or a text, and not an address. */
  sub: string
  name?: string | undefined
  picture?: string | undefined
  email?: string | undefined
  /** The member that is `true` once the address was verified; `true` itself, where the service shows only verified ones. */
  email_verified?: string | true | undefined
  /** The member that people know their account by: a login name. Default: the address, else the name. */
  account?: string | undefined
  /** Further members that tools and `permit` are to see, by their own names. */
  claims?: readonly string[] | undefined
}

type Every<Option> = Option extends unknown ? keyof Option : never

/** All that there are, in whichever combination. */
export const oauth2Table: OptionTable<Record<Every<OAuth2Options>, unknown>> = {
  id: 'text',
  label: 'text',
  icon: 'object',
  issuer: 'text',
  endpoints: 'object',
  clientId: 'text',
  clientSecret: 'text',
  clientAuth: true,
  scopes: true,
  parameters: true,
  prompts: 'texts',
  pkce: 'flag',
  response_mode: 'text',
  tokens: 'text',
  revocation: 'text',
  conform: 'function',
  revoke: 'function',
  exchange: 'function',
  user: 'object',
  identify: 'function',
  allow: true,
  permit: 'function',
}
