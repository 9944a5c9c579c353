/**
 * The contract between Drawbridge and everything that sits in front of an MCP server: adapters mount an {@link Auth},
 * gates ask it, tools read what it found out.
 */

/** Who a request acts for and what it may do. The shape both lines of the MCP SDK take as `authInfo`. */
export interface AuthInfo<User = unknown> {
  /** The access token as it was presented. */
  token: string
  clientId: string
  /** With all that they imply, so that comparing them by character is enough. */
  scopes: string[]
  /** Unix time in seconds. */
  expiresAt: number
  /** The protected resource this token was accepted for (RFC 8707). */
  resource: URL
  /** Where the protected resource's metadata is (RFC 9728). */
  resourceMetadataUrl: string
  extra: AuthExtra<User>
}

/** What Drawbridge knows beyond the SDK's own fields. */
export type AuthExtra<User = unknown> = {
  /** `<provider id>|<sub>`, or whatever a verifier reports. Stable, unique, never an e-mail address. */
  subject: string
  /** The authorization server that issued the token. */
  issuer: string
  /** The identity's claims, as the provider or verifier reported them. Yours: what you change in it, only you see. */
  user: User
  /** The grant this token stands on; absent for tokens issued elsewhere. */
  grant?: string
  /** Joins this request with the events of the sign-in it stands on; for log lines of your own. */
  correlation?: string
  /** How the token was presented (RFC 6749 7.1). Reserved: absent, it was a bearer token, and none other is taken. */
  token_type?: 'Bearer' | 'DPoP'
  /** The key the token is bound to. Reserved: nobody comes in with such a token yet. */
  cnf?: Confirmation
}

/** The key that whoever presents a token must hold (RFC 7800 3.1): of RFC 9449, or of RFC 8705. */
export interface Confirmation {
  jkt?: string
  'x5t#S256'?: string
}

/**
 * A discriminated result: `if (!result.ok) return result.response`. Never test `instanceof Response`, since servers
 * that replace the global `Response` make that test lie, and the request through.
 */
export type Authentication<User = unknown> =
  | { ok: true; auth: AuthInfo<User> }
  | {
      ok: false
      response: Response
      /**
       * What became of the request's credentials. `none`: there are none, nor at a preflight, or they are of a scheme we
       * do not speak. `refused`: they are bad, or allow too little. `unchecked`: nobody could tell, because of an outage.
       */
      credentials: 'none' | 'refused' | 'unchecked'
    }

/** What deciding about a request takes of it, so that nobody need build a `Request` to guard a route. */
export type GuardedRequest = Pick<Request, 'method' | 'url' | 'headers'>

/** What a request needs beyond a good token, and what a page is told that asks whether it may send one. */
export interface ScopeNeed {
  /** Every one of these. */
  scopes?: readonly string[] | undefined
  /** The methods the route answers, for preflights. Default: the one a page asks for. */
  methods?: readonly string[] | undefined
}

/** What an adapter knows of a request that the request does not say. */
export interface RequestContext {
  /** The peer's address, told in the events about registrations. Nothing is ever bound to it. */
  clientAddress?: string | undefined
  /** Keeps the process alive for work that outlives the response. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

/** A public path and the methods it answers, for frameworks that want their routes declared. */
export interface Route {
  path: string
  methods: readonly string[]
}

/** What an adapter mounts: an {@link Auth}, or an `mcp()`. */
export interface Mountable {
  /** Answers a request on one of `routes`. `undefined`: the path is not one of ours. */
  handle(request: Request, context?: RequestContext): Promise<Response | undefined>
  readonly routes: readonly Route[]
  /** The MCP endpoints among the routes, for messages to who looks for one elsewhere. */
  readonly endpoints?: readonly McpEndpoint[]
  /** Rejects while something is missing that it serves from, such as its store. Looks each time. */
  ready?(): Promise<void>
  /** Ends what is open: sessions and streams. May be called twice. */
  close?(): Promise<void>
  /** Takes a line for the operator, about how it is mounted. Default: the standard error has it. */
  notice?(text: string): void
}

/** An MCP endpoint as clients know it, and as this process does. */
export interface McpEndpoint {
  /** What clients type. Absent on a server without an Auth: nobody has said. */
  url?: string | undefined
  /** Where this process is asked for it. */
  paths: readonly string[]
}

/**
 * The door of one protected resource, and the OAuth endpoints that go with it. Adapters and `mcp()` call it for you.
 *
 * @example
 * const answer = await auth.handle(request)
 * if (answer) return answer
 * const result = await auth.authenticate(request, { scopes: ['files:read'] })
 * if (!result.ok) return result.response
 */
export interface Auth<User = unknown> extends Mountable {
  /**
   * Decides whether a request may reach this resource. A request without a good token yields 401 with a challenge
   * (RFC 6750, RFC 9728), one with too little scope 403, an OPTIONS preflight 204, an outage 503.
   */
  authenticate(request: GuardedRequest, need?: ScopeNeed): Promise<Authentication<User>>
  /** 403 `insufficient_scope` (RFC 6750 3.1) for a request already authenticated. Reads no storage. */
  challenge(auth: AuthInfo<User>, need: { scopes: readonly string[] }): Promise<Response>
  /**
   * Whether an authentication made earlier still stands; for streams that outlive their first check. Reads storage
   * once when the token is our own.
   */
  revalidate(auth: AuthInfo<User>): Promise<boolean>
  /**
   * The provider's own token for this request's user, refreshed when it must be; absent on an Auth that only checks
   * tokens. Throws {@link NoUpstreamToken}, {@link UpstreamEnded}, {@link Unavailable}.
   *
   * @param options.rejected another token than this one is looked for, and only if there is none yet, asked for.
   */
  upstreamToken?(auth: AuthInfo<User>, options?: UpstreamTokenOptions): Promise<UpstreamToken>
  /**
   * Counts a request that brings no token and needs none, by the operator's own key, and answers 429 with `Retry-After`
   * (RFC 6585 4) to a sender that sent too many. Absent where nobody is limited. Reads no storage before it answers.
   */
  limitAnonymous?(request: Request, context?: RequestContext): Promise<Response | undefined>
  /** The protected resource's identifier: the exact URL clients type. */
  readonly resource: string
  /**
   * All that a token for this resource can hold. Absent where somebody else issues the tokens and nobody here has said.
   */
  readonly grantableScopes?: readonly string[] | undefined
  /** Where requests for it arrive, when that is not only its public path: what a reverse proxy leaves of it. */
  readonly resourcePaths?: readonly string[]
  /** Of this server's `secret`. Absent on an Auth that has none. */
  readonly marker?: Marker
}

/**
 * Knows again what this server gave to strangers, in whichever of its instances: marks are made from its secret, which
 * nobody learns from them. They hide nothing, and are good for as long as the secret is configured; whoever wants an end
 * or an owner puts them into the text.
 *
 * @example
 * const mark = marker.mark('download', `${subject} ${file}`)
 * marker.isMarked('download', `${subject} ${file}`, mark) // true
 */
export interface Marker {
  /** @param purpose keeps what is marked in one place from being good in another */
  mark(purpose: string, text: string): string
  /** Whether {@link Marker.mark} made this for the same purpose and text. Takes the same time for every mark of a length. */
  isMarked(purpose: string, text: string, mark: string): boolean
}

/** What the provider token must be, and which one will not do. */
export interface UpstreamTokenOptions {
  /**
   * What the token must hold, in the names the server's scopes have. Where the kept token does not, the provider is asked
   * for another one, if it has such a way; {@link NoUpstreamToken} says what is missing. Whether the client may do what
   * the token is for is not looked at: guard the operation with scopes, too.
   */
  scopes?: readonly string[] | undefined
  /** An access token obtained earlier that the provider has since answered with 401. */
  rejected?: string | undefined
}

/** A provider's access token, for a tool that calls the provider as the user. Never leaves the server. */
export interface UpstreamToken {
  access_token: string
  /** Unix seconds. Absent: the provider names no expiry. */
  expires_at?: number | undefined
  scopes: readonly string[]
  provider: string
}
