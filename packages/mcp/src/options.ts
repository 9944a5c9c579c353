import type { Auth, AuthInfo, Clock, McpEndpoint, Mountable } from '@drawbridge/core'

/**
 * Options of `mcp()`. The same for every line of the MCP SDK; only what `server` returns differs.
 *
 * `Public` is the type of the option `public`: where that is set, `auth` may be `undefined` in the factory.
 */
export interface McpOptions<User, Server, Public extends PublicOptions | undefined = undefined>
  extends EndpointOptions {
  /** Who may enter: an `oauthServer`, an `oauthProxy`, a `resourceServer`, or one resource of a server by `at()`. */
  auth: Auth<User>
  /**
   * Builds a server. Called for every request, or with `sessions` for every session, and must return a new instance
   * each time: two callers on one server would receive each other's answers.
   */
  server: (
    context: ServerContext<User, Public extends PublicOptions ? undefined : never>,
  ) => Server | Promise<Server>
  /** What each tool, resource and prompt needs. */
  require?: RequireOptions<User> | undefined
  /** What may be used without signing in. Default: nothing. */
  public?: Public
}

/** Options of an `mcp()` without an `auth`: everybody may use everything. */
export interface OpenOptions<Server> extends EndpointOptions {
  auth?: undefined
  server: (context: Pick<ServerContext, 'request'> & { auth: undefined }) => Server | Promise<Server>
  require?: undefined
  public?: undefined
}

/** What an endpoint is told, whoever may enter. */
export interface EndpointOptions {
  /**
   * The MCP endpoint's path as this process sees it. Default: that of `auth.resource`, also without the `stripPrefix`
   * of `auth`. Only needed where a reverse proxy rewrites the path in another way.
   */
  path?: string | undefined
  /** Keep a server per client between requests (`Mcp-Session-Id`). Default: each request stands alone. */
  sessions?: boolean | SessionOptions | undefined
  /**
   * How a POST is answered: as an event stream, which can carry progress, or as one JSON document. Default `sse`; what is
   * asked by the protocol of 2026-07-28 is then a document, until there is progress to tell.
   */
  responses?: 'sse' | 'json' | undefined
  /** What keeps event streams alive, and what happens when one is cut. */
  streams?: StreamOptions | undefined
  /**
   * Serve clients of the protocol of 2024-11-05 as well, which know HTTP+SSE only: at `/sse` below the endpoint, or where the
   * options say. Always with a token, where there is an `auth`. Default false.
   */
  legacySse?: boolean | LegacySseOptions | undefined
  /**
   * Hosts the MCP endpoint answers to, such as `mcp.acme.dev` or `localhost:3000`; without a port, any port. Default:
   * loopback names only when `auth.resource` is on loopback (DNS rebinding); with `public`, the host of `auth.resource`;
   * else every host.
   */
  allowedHosts?: readonly string[] | undefined
  /**
   * Origins whose pages may call the MCP endpoint, such as `https://app.acme.dev`. Requests without an `Origin` do not
   * come from a page and always pass. Default: loopback origins only when `auth.resource` is on loopback, else all; but
   * without a token, a page needs its origin to be named here.
   */
  allowedOrigins?: readonly string[] | undefined
  /**
   * A path for load balancers, such as `/health`, as this process sees it: 200 while this server can serve, 503 while its
   * store is out or after `close()`. Tells nothing else. Default: none.
   */
  health?: string | undefined
  /** Largest request body in bytes; beyond it 413. Default 4 MiB. */
  maxBodyBytes?: number | undefined
  /** Hears of faults on our side: a factory that throws, a server that cannot be closed. Default `console.error`. */
  onError?: ((error: unknown) => void) | undefined
  /** Hears at construction what the options open to everybody. Default `console.warn`. */
  onNotice?: ((text: string) => void) | undefined
  /** For tests. Default: the runtime's own time. */
  clock?: Clock | undefined
}

/** What the server factory is told about the request it builds for. `Nobody` is `undefined` where a caller may have no token. */
export interface ServerContext<User = unknown, Nobody = never> {
  /** With `sessions`: of the request that began the session. In a tool, `getAuth()` has the current one. */
  auth: AuthInfo<User> | Nobody
  /** Method, URL and headers, without credentials and without the body. */
  request: Request
}

/** What callers need, for everything and for each tool, resource and prompt. */
export interface RequireOptions<User = unknown> {
  /** Scopes without which nothing here can be reached. */
  scopes?: readonly string[] | undefined
  /** By tool name. Calling the tool with too little scope is 403 `insufficient_scope`, so that clients can step up. */
  tools?: Readonly<Record<string, Requirement<User>>> | undefined
  /** By URI, or by URI template (RFC 6570) as it is registered. */
  resources?: Readonly<Record<string, Requirement<User, ResourceArguments>>> | undefined
  /** By prompt name. */
  prompts?: Readonly<Record<string, Requirement<User>>> | undefined
  /** The roles of a user, for requirements that name some. Default: `user.roles`, where that is a list of texts. */
  roles?: ((user: User) => readonly string[] | undefined) | undefined
  /**
   * What lists leave out. `reachable`: what the caller can do nothing about, such as a role that is missing; what only
   * lacks scopes is listed, and answers 403 on use. `allowed`: all that would be refused. `all`: nothing. Default
   * `reachable`.
   */
  lists?: 'reachable' | 'allowed' | 'all' | undefined
}

/**
 * What a tool, resource or prompt needs: every one of these scopes; or scopes and roles; or what a predicate says.
 *
 * @example
 * const require = {
 *   tools: {
 *     send_mail: ['mail:send'],
 *     search: { anyScope: ['mail:read', 'mail:all'] },
 *     delete_user: { roles: ['admin'] },
 *     transfer: (auth, args) => (Number(args?.amount) > 100 ? ['transfer:large'] : true),
 *   },
 * }
 */
export type Requirement<User = unknown, Arguments = Readonly<Record<string, unknown>>> =
  | readonly string[]
  | ScopesAndRoles
  | Predicate<User, Arguments>

/** All that is named must hold. */
export interface ScopesAndRoles {
  /** Every one of these. */
  scopes?: readonly string[] | undefined
  /** One of these. A challenge names the first. */
  anyScope?: readonly string[] | undefined
  /** One of these. No scope makes up for a role, so that without one there is no challenge. */
  roles?: readonly string[] | undefined
}

/**
 * `true`: allowed. `false`: never. Scopes: with these. Called for lists, too, where `args` is `undefined`: `false` then
 * hides the component.
 */
export type Predicate<User, Arguments> = (
  auth: AuthInfo<User>,
  args: Arguments | undefined,
) => boolean | readonly string[]

/** What a predicate of a resource is given. */
export interface ResourceArguments {
  uri: string
  /** What the URI template found in it. */
  variables: Readonly<Record<string, string | readonly string[]>>
}

/** What may be used without a token. */
export interface PublicOptions {
  /** Names of tools. */
  tools?: readonly string[] | undefined
  /**
   * URIs, or URI templates (RFC 6570) as they are registered. A template opens every URI that it matches, whichever resource
   * of the server stands there, unless `require` names a requirement for it.
   */
  resources?: readonly string[] | undefined
  /** Names of prompts. */
  prompts?: readonly string[] | undefined
  /**
   * What is listed to who has no token: everything, so that a client can find what it needs a sign-in for, or only what
   * is public. Default `all`.
   */
  list?: 'all' | 'public' | undefined
  /** Whether `initialize`, `server/discover` and lists need no token either. Default true. */
  discovery?: boolean | undefined
  /** How much is served to who has no token. */
  limits?: PublicLimits | undefined
  /**
   * How a call is answered that needs a sign-in: with HTTP 401, as clients expect, or within a result, by
   * `_meta["mcp/www_authenticate"]`, which ChatGPT reads and others do not understand. Default `http`.
   */
  challenge?: 'http' | 'result' | undefined
}

/** Bounds of what is served without a token, in this process. */
export interface PublicLimits {
  /** Largest request body in bytes; beyond it a token is asked for. Default 64 KiB. */
  bodyBytes?: number | undefined
  /** Longest stream. Default 300. */
  streamSeconds?: number | undefined
  /**
   * Requests under way at one time; beyond it 503. Default 100. One is over when it is answered or its client has left:
   * a tool that does not heed the `signal` it is given may go on.
   */
  concurrent?: number | undefined
}

/** How long sessions last, and how many there may be in this process. */
export interface SessionOptions {
  /** A session without an open request ends after this many seconds. Default 1800. */
  idleSeconds?: number | undefined
  /** Sessions kept in this process; beyond it the least recently used ends. Default 10000. */
  max?: number | undefined
  /** The same for each user, counted over all their clients. Default 100. */
  maxPerUser?: number | undefined
}

/** What keeps event streams alive, and what happens when one is cut. */
export interface StreamOptions {
  /**
   * How often a stream that says nothing carries a comment, so that proxies do not take it for dead. 0: never. Default
   * 15.
   */
  keepAliveSeconds?: number | undefined
  /** How long clients are asked to wait before they come back to a stream that was cut. Default: they decide. */
  retrySeconds?: number | undefined
  /**
   * With `sessions`: what was said on a stream is kept, so that a client whose connection was cut goes on where it was
   * (`Last-Event-ID`). `false`: nothing is kept. Or a store of your own, of the SDK's interface; what it holds of a session
   * that has ended is then yours to delete. Default: kept in memory.
   */
  events?: boolean | EventOptions | EventStore | undefined
}

/** Where clients of HTTP+SSE connect, and how many may in this process. */
export interface LegacySseOptions {
  /** Where they connect. Default: `/sse` below the endpoint, since clients want their resource to be above it. */
  path?: string | undefined
  /** Where they post. Default: `/messages` below the endpoint. */
  messagesPath?: string | undefined
  /** A connection on which nothing is posted ends after this many seconds. Default 1800. */
  idleSeconds?: number | undefined
  /** Connections; beyond it the least recently used ends. Default 1000. */
  max?: number | undefined
  /** The same for each user, counted over all their clients. Default 20. */
  maxPerUser?: number | undefined
}

/** How much is kept in memory of what was said on streams. Beyond it, the oldest goes. */
export interface EventOptions {
  /** How long an event is kept. Default 300. */
  keepSeconds?: number | undefined
  /** Events kept of one stream. Default 1000. */
  maxPerStream?: number | undefined
  /** Bytes kept of one session. Default 4 MiB. */
  maxBytesPerSession?: number | undefined
  /** Bytes kept of all sessions in this process. The session with most gives first. Default 64 MiB. */
  maxBytes?: number | undefined
}

/** The interface of both SDKs for what keeps events. Here each session sees its own alone, whatever the store does. */
export interface EventStore {
  /** Keeps a message of a stream, and gives it an id. */
  storeEvent(streamId: string, message: object): Promise<string>
  getStreamIdForEventId?(eventId: string): Promise<string | undefined>
  /** Sends what came after an event on its stream, in order, and returns the stream. */
  replayEventsAfter(
    lastEventId: string,
    to: { send: (eventId: string, message: never) => Promise<void> },
  ): Promise<string>
}

/** What `mcp()` returns: mount it with an adapter, or export it where `{ fetch }` is expected. */
export interface Mcp extends Mountable {
  readonly endpoints: readonly McpEndpoint[]
  /**
   * Answers every request; 404 where {@link Mountable.handle} knows no path. The further parameters are those of a
   * Worker; other runtimes may pass what they like.
   */
  fetch(request: Request, environment?: unknown, execution?: unknown): Promise<Response>
  /** Rejects while the store of `auth` is out of reach, or its `secret` is not the one: useful at start-up. */
  ready(): Promise<void>
  /** Ends all sessions and open streams, also those that are being answered. */
  close(): Promise<void>
}

/** Options of every `mcp()`: which of both, `auth` says. */
export type AnyOptions<User, Server> = McpOptions<User, Server, PublicOptions> | OpenOptions<Server>
