import type { RedirectUriOptions } from '../clients/redirect-uri.ts'
import type { StaticClient } from '../clients/static-client.ts'
import type { Clock } from '../clock.ts'
import type { EventListeners } from '../events.ts'
import type { OAuthProvider, Provider } from '../identity/provider.ts'
import type { LogOption } from '../log/operator-log.ts'
import type { Messages } from '../pages/messages.ts'
import type { Theme } from '../pages/theme.ts'
import type { Documentation } from '../resource-server/protected-resource-metadata.ts'
import type { Verifier } from '../resource-server/verifier.ts'
import type { Storage } from '../storage/storage.ts'

/** Options of {@link oauthServer}. Every lifetime is in seconds. */
export interface OAuthServerOptions<
  Path extends string = string,
  Several extends string = string,
  Default extends boolean = boolean,
> {
  /**
   * The public URL of this server, exactly as clients shall see it: `https://mcp.acme.dev`, or with a prefix,
   * `https://acme.dev/mcp-server`. Never inferred from a request. Default: the variable `DRAWBRIDGE_ISSUER`.
   */
  issuer?: string | undefined
  /**
   * At least 32 random bytes (`openssl rand -base64 32`), the same on every instance. Several while rotating, as a list
   * or separated by commas: the first seals, all open. Default: the variable `DRAWBRIDGE_SECRET`.
   */
  secret?: string | readonly string[] | undefined
  /** Where clients, grants and keys are kept: `memory()`, `sqlite(...)`, `redis(...)` or `postgres(...)`. */
  storage: Storage
  /** The protected resource's path below the issuer. Default `/mcp`. For several, use `resources`. */
  resource?: Path | undefined
  /**
   * Several protected resources behind one authorization server, by path; one on another host by its whole URL, such as
   * `https://mail.acme.dev/mcp`. Mount each with `at()`, which serves its metadata there.
   */
  resources?: Readonly<Record<Several, ResourceOptions<Default>>> | undefined
  /** Scopes of the one resource; with `resources`, each has its own. */
  scopes?: ScopeOptions | readonly string[] | undefined
  /**
   * Name `offline_access` in the metadata of the authorization server, for clients that ask for a refresh token only
   * then. Refresh tokens are issued either way, and some clients have their users consent anew each time it is there.
   * Default false.
   */
  advertiseOfflineAccess?: boolean | undefined
  /** What a reverse proxy removes from the path before this process sees it. */
  stripPrefix?: string | undefined
  /** Clients known beforehand, beside those that register themselves. */
  clients?: readonly StaticClient[] | undefined
  /** Whether and how clients may register themselves (RFC 7591). */
  registration?: RegistrationOptions | undefined
  /** Which redirect URIs clients may have. Default: https, http on loopback, and private-use schemes (RFC 8252 7). */
  redirectUris?: RedirectUriOptions | undefined
  /** How long codes, tokens and grants last, in seconds. */
  lifetimes?: Lifetimes | undefined
  /** How long replaced refresh tokens are answered, and how often they are replaced. */
  refresh?: RefreshOptions | undefined
  signingKeys?: SigningKeyOptions | undefined
  /**
   * Also lets in tokens that somebody else issued, such as a machine's from `jwtVerifier(...)`. Asked in order about
   * tokens that are not this server's own.
   */
  accept?: readonly Verifier[] | undefined
  /** Keep the provider's tokens so that tools can call it as the user, and identities can be re-checked. Default true. */
  keepUpstreamTokens?: boolean | undefined
  /**
   * When the provider's tokens are refreshed: `lazy`, when a tool needs one; `proactive`, also whenever a client
   * refreshes and the provider's token is near its end, so that a provider's idle limit is never reached. Default lazy.
   */
  refreshUpstream?: 'lazy' | 'proactive' | undefined
  /** Grants kept per user, client and redirect; the longest unused goes first. Default 50. */
  grantsPerInstallation?: number | undefined
  /** What people know this server as: on the pages, and in the metadata. Default: the issuer's host. */
  name?: string | undefined
  /** Colours and logo of the pages. */
  theme?: Theme | undefined
  /** Words of the pages, for another language or another tone. */
  messages?: Partial<Messages> | undefined
  /** URLs for `service_documentation`, `op_policy_uri` and `op_tos_uri` (RFC 8414 2), and the same of RFC 9728. */
  documentation?: Documentation | undefined
  /**
   * Skip our own consent page; has no effect with several providers, among which people choose there. Any client may
   * then obtain a token silently from a user signed in upstream. Default false.
   */
  dangerouslySkipConsent?: boolean | undefined
  /** Hears of everything noteworthy, such as `logEvents()` does, beside the `log`. One listener, or several. */
  onEvent?: EventListeners | undefined
  /**
   * Takes each line that an operator should see: warnings and errors, refusals whose page names a reference, and options
   * that weaken security or look like a mistake. What repeats within a minute is summed up. Default: the standard error.
   * `false`: nowhere.
   */
  log?: LogOption | undefined
  /** For outgoing requests to providers. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** For tests. Default: the system's time. */
  clock?: Clock | undefined
}

/** How access tokens are signed. Keys are made, shared and rotated without anything being said here. */
export interface SigningKeyOptions {
  /** Default `ES256`. A change takes effect after the new key has been published for a while. */
  algorithm?: 'ES256' | 'EdDSA' | 'RS256' | undefined
  /** Seconds a key signs before the next one takes over, at least an hour. Default 90 days. */
  rotateEvery?: number | undefined
  /**
   * Private keys of your own, as JWKs with an `alg` and a `kid`. All are published, the first signs once everybody has
   * had the time to see it, 11 minutes; until then the one before does. To rotate, put the next one in front. One that
   * is taken out stays published until what it signed has expired. Only public halves go into the storage.
   */
  keys?: readonly JsonWebKeyPrivate[] | undefined
}

/** A private JSON Web Key (RFC 7517). */
export interface JsonWebKeyPrivate {
  kty: string
  alg: 'ES256' | 'EdDSA' | 'RS256'
  /** Verifiers find the key by it, so each key needs one of its own. */
  kid: string
  [member: string]: unknown
}

/**
 * The scopes of a resource. A list alone means `supported`. `offline_access` is none of them: clients may always ask
 * for it, and it is left out of these lists.
 */
export interface ScopeOptions {
  /**
   * What clients may ask for; `default` and `required` join it. As a list, or as a map with what is to be said about each.
   * Default: these two, else the provider's default scopes.
   *
   * @example
   * supported: {
   *   'files:read': 'Read your files',
   *   files: { description: 'Change your files', implies: ['files:read'], upstream: ['repo'] },
   * }
   */
  supported?: readonly string[] | Readonly<Record<string, string | ScopeDefinition>> | undefined
  /**
   * What clients begin with: those that ask for nothing in particular, and those that ask for what they are told to. Must
   * hold what is `required`. Default: `supported`.
   */
  default?: readonly string[] | undefined
  /** Without these a token does not reach the resource. Default: none. */
  required?: readonly string[] | undefined
  /**
   * What clients are told to ask for, by a 401 and in the resource's metadata: the `default` scopes, or all that are
   * `supported`, for clients that cannot ask for more when a tool turns out to need it. Default `default`.
   */
  challenge?: 'default' | 'supported' | undefined
  /**
   * For clients that answer a 403 `insufficient_scope` with a refresh, which cannot bring them more: `refuse-refresh`
   * answers the first refresh after it, within 20 seconds, with `server_error`. Those built with the MCP SDK v1 then ask
   * their user for what the 403 named, and keep their tokens meanwhile. Others may show an error once, or sign in anew.
   * Default: nothing is done.
   */
  stepUp?: 'refuse-refresh' | undefined
}

/** What is to be said about a scope. A text alone is its `description`. */
export interface ScopeDefinition {
  /** What people read on the consent page: what comes after "it will be able to". Default: the provider's words, else its name. */
  description?: string | undefined
  /** Narrower scopes that this one includes, with all that these include. Whoever holds it needs none of them. */
  implies?: readonly string[] | undefined
  /**
   * Scopes that it needs at the identity provider, which is asked for them only with this one; it is granted only where
   * the provider grants them all. With several providers, by their id: one that is not named cannot grant the scope, and
   * one with an empty list grants it to everybody. Default: the scope itself where the provider knows it, else nothing.
   *
   * @example
   * upstream: { github: ['repo'], google: ['https://www.googleapis.com/auth/drive'] }
   */
  upstream?: readonly string[] | Readonly<Record<string, readonly string[]>> | undefined
}

/** One of several protected resources. */
export interface ResourceOptions<Default extends boolean = boolean> {
  /** Default: the provider's default scopes. */
  scopes?: ScopeOptions | readonly string[] | undefined
  /** The one for clients that name no resource (RFC 8707), and for the server's own gate. At most one has it. */
  default?: Default | undefined
  /** Shown to people on the consent page, and as `resource_name` (RFC 9728). */
  name?: string | undefined
}

/** Dynamic client registration (RFC 7591). */
export interface RegistrationOptions {
  /** Switches dynamic registration (RFC 7591) off, and out of the metadata. Default true. */
  enabled?: boolean | undefined
  /** How long a client may stay unapproved, in seconds. Default 24 h. */
  unapprovedLifetime?: number | undefined
  /** How long an approved client is kept after its last use, in seconds. Default 90 days. */
  lifetime?: number | undefined
  /**
   * How many clients there may be that nobody has approved yet. The oldest of them make room for new ones; a client that
   * somebody approved never does. Default 10,000, each of which takes the store at most 11 kB.
   */
  unapproved?: number | undefined
  /**
   * Tells the senders of registrations apart, so that one who sends very many displaces their own and hardly anybody
   * else's. Nobody is ever refused: hosted clients register for many people from few addresses. Default: nobody is told
   * apart. `undefined` for a request means the same. One sender has a tenth of `unapproved`.
   *
   * @example
   * key: ({ clientAddress }) => clientAddress
   */
  key?: ((request: RegistrationSender) => string | undefined) | undefined
}

/** What is known of who registers a client. */
export interface RegistrationSender {
  /** As the adapter tells it, which trusts the proxies that its framework was told to trust. */
  clientAddress?: string | undefined
  headers: Headers
}

/** Seconds, all of them. */
export interface Lifetimes {
  /** Default 5 minutes. */
  code?: number | undefined
  /** Default 1 hour. */
  accessToken?: number | undefined
  /** How long a grant may lie unused. Default: what the provider says of its refresh tokens, else 30 days. */
  idle?: number | undefined
  /** How long a grant lives at most. Default 180 days. */
  absolute?: number | undefined
  /** From `/authorize` to the callback. Default 15 minutes. */
  transaction?: number | undefined
  /** How old an identity may become before a refresh checks it with the provider. Default 24 hours. */
  identityRecheck?: number | undefined
  /** How long a provider outage may delay that check. Default 7 days. */
  identityGrace?: number | undefined
}

/**
 * The rotation of refresh tokens (RFC 9700 4.14.2). A minute is added to each time, since clocks of instances differ. What is longer forgives more to clients that lose answers or use one
 * file from several processes; what is shorter shows sooner that somebody else has a copy.
 */
export interface RefreshOptions {
  /** Seconds that any replaced refresh token still answers with the current one. Default 120. */
  window?: number | undefined
  /** The same for the one just replaced, whose answer may have been lost. Default 1 hour; 0 switches it off. */
  lostResponse?: number | undefined
  /** Seconds for which every single answer may come so late, one rotation after the other. Default 24 hours. */
  streak?: number | undefined
  /** How many answers may, when that is longer. Default 8. */
  streakCount?: number | undefined
  /**
   * Replace a refresh token at most every so many seconds, a quarter of `lifetimes.idle` at most. Default 0: each time it
   * is used. Saves a write, and costs detection: a copied token that is used within this time goes unnoticed, and one
   * that always comes late is noticed after eight such times.
   */
  rotateEvery?: number | undefined
}

/** Options of {@link oauthProxy}: one upstream provider. */
export interface OAuthProxyOptions<
  P extends Provider = OAuthProvider,
  Path extends string = string,
  A extends readonly Verifier[] = readonly Verifier[],
  Several extends string = string,
  Default extends boolean = boolean,
> extends OAuthServerOptions<Path, Several, Default> {
  provider: P
  providers?: never
  accept?: A | undefined
}

/** Options with several providers: the person chooses on the consent page. */
export interface MultiProviderOptions<
  P extends Provider = Provider,
  Path extends string = string,
  A extends readonly Verifier[] = readonly Verifier[],
  Several extends string = string,
  Default extends boolean = boolean,
> extends OAuthServerOptions<Path, Several, Default> {
  provider?: never
  providers: readonly P[]
  accept?: A | undefined
}
