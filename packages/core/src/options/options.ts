import type { HostTrust } from '../clients/host-trust.ts'
import type { RedirectUriOptions } from '../clients/redirect-uri.ts'
import type { StaticClient } from '../clients/static-client.ts'
import type { Clock } from '../clock.ts'
import type { Egress } from '../egress/egress.ts'
import type { LimitedRequest } from '../endpoints/limiter.ts'
import type { RegisteringClient, RegistrationSender } from '../endpoints/registration-admission.ts'
import type { EventListeners } from '../events.ts'
import type { OAuthProvider, Provider } from '../identity/provider.ts'
import type { LogOption } from '../log/operator-log.ts'
import type { Messages } from '../pages/messages.ts'
import type { OwnPages } from '../pages/own-pages.ts'
import type { Theme } from '../pages/theme.ts'
import type { Documentation } from '../resource-server/protected-resource-metadata.ts'
import type { Verifier } from '../resource-server/verifier.ts'
import type { Storage } from '../storage/storage.ts'
import type { Words } from '../syntax/words.ts'

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
  /** Where clients, grants and keys are kept: `memory()`, `sqlite(...)`, `redis(...)`, `postgres(...)` or `d1(...)`. */
  storage: Storage
  /** The protected resource's path below the issuer. Default `/mcp`. For several, use `resources`. */
  resource?: Path | undefined
  /**
   * Several protected resources behind one authorization server, by path; one on another host by its whole URL, such as
   * `https://mail.acme.dev/mcp`. Mount each with `at()`, which serves its metadata there.
   */
  resources?: Readonly<Record<Several, ResourceOptions<Default>>> | undefined
  /**
   * Scopes of the one resource; with `resources`, each has its own.
   *
   * @example
   * scopes: { supported: { 'files:read': 'Read your files', 'files:write': 'Change your files' }, default: ['files:read'] }
   */
  scopes?: ScopeOptions | readonly string[] | undefined
  /**
   * Name `offline_access` in the metadata of the authorization server, for clients that ask for a refresh token only
   * then. Refresh tokens are issued either way, and some clients have their users consent anew each time it is there.
   * Default false.
   */
  advertiseOfflineAccess?: boolean | undefined
  /** What a reverse proxy removes from the path before this process sees it. */
  stripPrefix?: string | undefined
  /**
   * Clients known beforehand, beside those that register themselves.
   *
   * @example
   * clients: [
   *   { client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }, // public
   *   { client_id: 'web', redirect_uris: [...], client_secret: process.env.WEB_SECRET },
   *   { client_id: 'signs', redirect_uris: [...], token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
   * ]
   */
  clients?: readonly StaticClient[] | undefined
  /** Whether and how clients may register themselves (RFC 7591). */
  registration?: RegistrationOptions | undefined
  /** Clients that introduce themselves by a document whose URL is their `client_id`, as most do since 2026. */
  metadataDocuments?: MetadataDocumentOptions | undefined
  /** How much one sender may ask of the OAuth endpoints. Default: nobody is limited. */
  limits?: LimitOptions | undefined
  /** Whether clients may end what they were given (RFC 7009). */
  revocation?: RevocationOptions | undefined
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
  /** Words of the pages, for another tone, or another language than English. */
  messages?: Partial<Messages> | undefined
  /**
   * Whole languages beside that of `messages`: people read the one that their browser asks for, and where there is none,
   * that of `messages`.
   *
   * @example
   * languages: [german, arabic]
   */
  languages?: readonly Messages[] | undefined
  /**
   * Pages of your own in the place of ours, made with `html` of `@drawbridge/core/pages`. Each gets plain data, and gives a
   * title, markup and styles. Headers and cookies stay ours, no script runs, and a page that lacks what people have to see
   * is not shown: ours is.
   *
   * @example
   * pages: { error: (page) => ({ title: page.title, body: html`<h1>${page.title}</h1> ${page.reference && shown(page.reference)}` }) }
   */
  pages?: OwnPages | undefined
  /** URLs for `service_documentation`, `op_policy_uri` and `op_tos_uri` (RFC 8414 2), and the same of RFC 9728. */
  documentation?: Documentation | undefined
  /**
   * Whether people are asked each time. `remember`: who is signed in here, and let the same client in before for the same
   * scopes, is not asked again while that access lasts. Only where the client is answered at an https address, and the person
   * came from there or typed it. Default `always`.
   */
  consent?: 'always' | 'remember' | undefined
  /**
   * Serve `<issuer>/account`, where people sign in to see which clients they let in, and end it. Default true.
   */
  accountPage?: boolean | undefined
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
  /**
   * Fetches what strangers name: metadata documents of clients, and the `jwks_uri` of any. Default: one that reaches
   * public addresses only, whatever their names lead to. Where a proxy is the only way out, `trustedProxy({ fetch })` of
   * `@drawbridge/core/egress`.
   */
  egress?: Egress | undefined
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
   * What clients may ask for; `default` and `required` join it, a mistyped one too. As a list, or as a map with what is to be said about each.
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
  description?: Words | undefined
  /**
   * Narrower scopes that this one includes, with all that these include. Whoever holds it needs none of them. One that is
   * added later also reaches grants that are there: end those that it should not reach, with `grants.endAll`.
   */
  implies?: readonly string[] | undefined
  /**
   * Scopes that it needs at the identity provider, which is asked for them only with this one; it is granted only where
   * the provider grants them all. With several providers, by their id: one that is not named cannot grant the scope, and
   * one with an empty list grants it to everybody. Default: the scope itself where the provider knows it, else nothing.
   *
   * @example
   * upstream: { acme: ['repo'], staff: ['https://login.acme.dev/drive'] }
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

/** Clients whose `client_id` is the URL of what they say about themselves (OAuth Client ID Metadata Document). */
export interface MetadataDocumentOptions {
  /** Switches them off, and out of the metadata. Default true. */
  enabled?: boolean | undefined
  /**
   * Which hosts may introduce clients, and which with a warning on the consent page, by name: `app.example.com`,
   * `*.example.com` (anything below it, and not itself), `*` (all others). The most exact name decides. A host that none
   * fits may: to let in only those that are named, end with `'*': 'deny'`. Default: all may, since people see the host
   * before they consent. A table that does nothing but allow is an error.
   *
   * @example
   * hosts: { 'app.example.com': 'allow', '*.example.com': 'warn', '*': 'deny' }
   */
  hosts?: Readonly<Record<string, HostTrust>> | undefined
}

/** Dynamic client registration (RFC 7591). */
export interface RegistrationOptions {
  /**
   * Switches dynamic registration (RFC 7591) off, and out of the metadata. Clients with a document may come all the same:
   * they are `metadataDocuments`. Default true.
   */
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
   * apart. `undefined` for a request means the same. One sender has a tenth of `unapproved`. Of an IPv6 address the first
   * 64 bits count.
   *
   * @example
   * key: ({ clientAddress }) => clientAddress
   */
  key?: ((request: RegistrationSender) => string | undefined) | undefined
  /**
   * Decides about each client that would register, after its metadata was found usable. `false` refuses it, a text does
   * too and is told to the client (in printable ASCII, 200 characters at most). What it throws, and any other answer, is
   * an outage: the client gets 503, and the operator is told. Clients with a document do not register, and are not asked
   * about. Default: whoever can be served may register.
   *
   * @example
   * allow: ({ redirect_uris }) => redirect_uris.every((uri) => uri.startsWith('https://')) || 'Web applications only.'
   */
  allow?:
    | ((
        client: RegisteringClient,
        sender: RegistrationSender,
      ) => boolean | string | Promise<boolean | string>)
    | undefined
  /**
   * Lets only those register who bring such a token, as `Authorization: Bearer` (RFC 7591 3). A text, or several while
   * one takes the place of another, each as strong as a client's secret (`openssl rand -base64 32`); or a function that
   * knows them. MCP clients bring none by themselves, so that this is for clients of your own. Clients with a document
   * need none: they are `metadataDocuments`. Default: nobody needs one.
   */
  initialAccessToken?:
    | string
    | readonly string[]
    | ((token: string) => boolean | Promise<boolean>)
    | undefined
  /**
   * Seconds after which the secret of a registered client expires. Default: never. An expiry logs people out: clients
   * answer it by registering anew, as another client, and everybody signs in and consents again.
   */
  secretLifetime?: number | undefined
}

/** Token revocation (RFC 7009). */
export interface RevocationOptions {
  /**
   * Switches the endpoint off, and out of the metadata: a client that signs somebody out then only forgets its tokens,
   * which stay good until they end. Default true.
   */
  enabled?: boolean | undefined
}

/**
 * How much one sender may ask. Beyond that the answer is 429 with `Retry-After` and, for clients, the JSON error
 * `temporarily_unavailable`; nothing is lost, and a new window begins soon. Documents have no limit, nor has whoever comes to
 * a resource with a token, and whoever holds a refresh token that this server issued is answered always.
 *
 * Each instance counts in its memory, and tells the others through the `storage` when a sender has sent an eighth of a
 * limit, or goes on for some seconds; never before it answers. So up to twice a limit may pass in a window: with eight
 * instances at most, if all hear of each other in time. A burst that is faster than the store may pass once on each instance.
 * When anything here fails, requests pass.
 *
 * @example
 * limits: { key: ({ clientAddress }) => clientAddress, requests: { register: 20, token: false } }
 */
export interface LimitOptions {
  /**
   * Tells senders apart; `undefined`: this request has no limit. Of an IPv6 address the first 64 bits count. A header that
   * anybody can write makes anybody as many senders as they like: behind proxies of your own, use `forwardedAddress`.
   * Hosted clients send for many people from few addresses.
   *
   * @example
   * key: ({ clientAddress }) => clientAddress
   * key: forwardedAddress({ hops: 1 })
   */
  key: (request: LimitedRequest) => string | undefined
  /** Seconds after which everybody begins anew, at most a day. Default 60. */
  window?: number | undefined
  /** How many requests in that time; `false`: as many as they like. */
  requests?: LimitedRequests | undefined
}

/** Requests of one sender in one window, for each endpoint. */
export interface LimitedRequests {
  /** Registrations of clients. Default 60. */
  register?: number | false | undefined
  /** Authorization requests, with which a browser begins. Default 120. */
  authorize?: number | false | undefined
  /** The consent page, and its answers: two for each sign-in. Default 240. */
  consent?: number | false | undefined
  /** The pages of form providers, and what is typed there. Default 60. */
  signIn?: number | false | undefined
  /** The account page, and its forms. Default 120. */
  account?: number | false | undefined
  /** Browsers that come back from a provider. Default 120. */
  callback?: number | false | undefined
  /** The token endpoint, but for refreshes that bring a genuine token. Default 300. */
  token?: number | false | undefined
  /** Revocations, but for those of a genuine token. Default 120. */
  revoke?: number | false | undefined
  /** Requests to a resource that come without a token, where an `mcp()` has parts that need none. Default 300. */
  anonymous?: number | false | undefined
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
  /** How long a browser stays signed in for the account page and remembered consent, at most. Default 30 days. */
  session?: number | undefined
  /** The same while it is not used. Default 12 hours. */
  sessionIdle?: number | undefined
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
