export type OidcEndpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'revocation'
  | 'introspection'
  | 'registration'

/** Somebody, and the claims about them. */
export interface DevOidcUser {
  sub: string
  name?: string | undefined
  [claim: string]: unknown
}

export interface DevOidcApp {
  clientId: string
  /**
   * Compared as it comes, in a Basic header too: as many real servers do. Left out: a public client, which has to use
   * PKCE.
   */
  clientSecret?: string | undefined
  /** Which `client_assertion` shows that it is this app. Default: the secret itself, in place of a signed one. */
  assertion?: ((assertion: string) => boolean) | undefined
  /** Default: any is taken. */
  redirectUris?: readonly string[] | undefined
}

/** What somebody gave an app. */
export interface OidcGrant {
  user: DevOidcUser
  clientId: string
  /** Of the access token. */
  scopes: readonly string[]
  /** What was asked for at the authorization endpoint. */
  granted: readonly string[]
  /** RFC 8707. */
  resource: string | undefined
  /** Unix seconds, when the access token ends; `Infinity`: never. */
  exp: number
}

/** A request to one of the endpoints. */
export interface OidcAsk {
  endpoint: OidcEndpoint
  /** Of the query and the form. */
  parameters: Readonly<Record<string, string>>
  /** What stands for `{tenant}` in the path. */
  tenant: string | undefined
  /** Whom somebody chose at the authorization endpoint, or whose code, refresh token or assertion this is. */
  user: DevOidcUser | undefined
  /** What that code, refresh token or assertion stands for. */
  grant: OidcGrant | undefined
}

/** An error answer (RFC 6749 5.2), with whatever members the provider has beside these. */
export interface OidcRefusal {
  error: string
  error_description?: string | undefined
  /** Default 400. At the authorization endpoint, one makes it a page that leads nowhere: a client hears nothing of it. */
  status?: number | undefined
  [member: string]: unknown
}

/** What is wrong with a request of a client's, by the parameter. */
export type OidcFault =
  | 'client'
  | 'code'
  | 'redirect_uri'
  | 'code_verifier'
  | 'refresh_token'
  | 'assertion'
  | 'scope'
  | 'token'

/** What real providers do differently. */
export interface OidcSwitches {
  /** Paths of endpoints; `{tenant}` stands for any segment. Default: `/authorize`, `/token` and so on. */
  paths?: Partial<Record<Exclude<OidcEndpoint, 'discovery'>, string>> & {
    discovery?: string | readonly string[] | undefined
  }
  /** `false`: it publishes no metadata. */
  discovery?: false | undefined
  /** The issuer that metadata names. Default: the origin. */
  issuer?: ((origin: string, tenant: string | undefined) => string) | undefined
  /** Further members of the metadata. */
  metadata?: ((origin: string) => object) | undefined
  /** What signs. Default ES256. */
  algorithm?: 'ES256' | 'RS256' | undefined
  /** `false`: there is no userinfo endpoint. A function says what it tells; `undefined`: the token is not for it. */
  userinfo?: false | ((grant: OidcGrant) => object | undefined) | undefined
  /** `true`: access and refresh tokens can be introspected (RFC 7662). */
  introspection?: true | undefined
  /** `true`: clients can register (RFC 7591). */
  registration?: true | undefined
  /** `false`: id_tokens say no more than `sub`, so that userinfo has to be asked. */
  idTokenClaims?: false | undefined
  /** What is said of somebody to whom these scopes were granted. Default: everything. */
  claims?: ((user: DevOidcUser, scopes: readonly string[]) => object) | undefined
  /** Changes the claims of an id_token before it is signed: a wrong `aud`, `nonce`, `iss`. */
  idToken?: ((claims: Record<string, unknown>, user: DevOidcUser) => object) | undefined
  /** `true`: id_tokens say `auth_time` also to who sends no `max_age`. */
  authTime?: true | undefined
  /**
   * The claims of an access token that is a JWT, beside `iss`, `sub`, `iat`, `exp` and `jti`. Default: they are opaque.
   */
  accessToken?: ((grant: OidcGrant, origin: string) => object) | undefined
  /** What opaque access tokens begin with. Default `access_`. */
  accessTokenPrefix?: string | undefined
  /**
   * Which sign-ins bring a refresh token: each (default); only somebody's first in an app, and those with
   * `prompt=consent`; none ever.
   */
  refreshTokens?: 'always' | 'on consent' | 'never' | undefined
  /** What has to be asked for in addition to get one. `issue` asks for it. Default: nothing. */
  refreshAsked?: ((parameters: Readonly<Record<string, string>>) => boolean) | undefined
  /**
   * `false`: a refresh token is used again and again; refreshes bring none. `'overlapping'`: each brings another, and the
   * one before keeps working. Default: each brings the next, and ends the one before.
   */
  rotation?: false | 'overlapping' | undefined
  /** `false`: a refresh brings no id_token. */
  refreshIdToken?: false | undefined
  /**
   * Whether a token request may name this scope, of all that was granted: the access token is for those it names. Default:
   * the token endpoint does not look at `scope`.
   */
  tokenScopes?: ((scope: string, granted: readonly string[]) => boolean) | undefined
  /** Seconds; `'for ever'`: answers name no expiry. Default 3600. */
  accessTokenLifetime?: number | 'for ever' | undefined
  /**
   * What revocation ends: the one sign-in (default), everything this user gave the app, or there is none. With `user`,
   * what has ended already is `invalid_token`, and no client has to show who it is.
   */
  revocation?: 'token' | 'user' | 'none' | undefined
  /** `false`: it refuses a request with PKCE's parameters. */
  pkce?: false | undefined
  /** Who issues the id_tokens of this user. Default: the origin of the request. */
  issuerOf?: ((user: DevOidcUser, origin: string) => string) | undefined
  /** The parameter that takes scopes, and what stands between them. Default `scope`, and a space. */
  scopeParameter?: { name: string; separator: string } | undefined
  /** The scopes an answer names, of those asked for; `undefined`: it names none. Default: all. */
  scopesNamed?: ((asked: readonly string[]) => readonly string[] | undefined) | undefined
  /**
   * `true`: an access token of the app's brings another one for the same user (RFC 7523 2.1, as Entra's on-behalf-of).
   * A function names the error it is refused with, if any: `interaction_required`. Default: there is no such grant.
   * A provider's `exchange` is tested against this in a flow; the contract takes any grant type.
   */
  onBehalfOf?: true | ((scopes: readonly string[], user: DevOidcUser) => string | undefined) | undefined
  /** What it refuses in addition, at the authorization and the token endpoint. */
  refuses?: ((ask: OidcAsk) => OidcRefusal | undefined) | undefined
  /** Its own words for what is wrong. */
  errors?: Partial<Record<OidcFault, OidcRefusal>> | undefined
  /**
   * Answers in place of the provider, at any endpoint: an outage, or with a promise a slow one. `undefined`: the provider
   * answers.
   */
  instead?:
    | ((
        ask: Pick<OidcAsk, 'endpoint' | 'parameters'>,
      ) => Response | undefined | Promise<Response | undefined>)
    | undefined
  /** Further endpoints; `grantOf` knows what an access token stands for, while it works. */
  further?:
    | ((
        request: {
          method: string
          path: string
          parameters: Readonly<Record<string, string>>
          bearer: string
        },
        grantOf: (access_token: string) => OidcGrant | undefined,
      ) => Response | undefined)
    | undefined
  /** Changes the answer of the token endpoint. */
  answer?: ((answer: Record<string, unknown>, user: DevOidcUser) => object) | undefined
  /** What the callback gets beside `code` and `state`; `first`: the first time that this user signs in. */
  callback?: ((user: DevOidcUser, first: boolean) => Record<string, string>) | undefined
}
