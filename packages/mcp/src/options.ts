import type { Auth, AuthInfo, Clock, Mountable } from '@drawbridge/core'

/** Options of `mcp()`. The same for every line of the MCP SDK; only what `server` returns differs. */
export interface McpOptions<User, Server> {
  /** Who may enter: an `oauthServer`, an `oauthProxy`, a `resourceServer`, or one resource of a server by `at()`. */
  auth: Auth<User>
  /**
   * Builds a server. Called for every request, or with `sessions` for every session, and must return a new instance
   * each time: two callers on one server would receive each other's answers.
   */
  server: (context: ServerContext<User>) => Server | Promise<Server>
  /**
   * The MCP endpoint's path as this process sees it. Default: that of `auth.resource`, also without the `stripPrefix`
   * of `auth`. Only needed where a reverse proxy rewrites the path in another way.
   */
  path?: string | undefined
  /** Keep a server per client between requests (`Mcp-Session-Id`). Default: each request stands alone. */
  sessions?: boolean | SessionOptions | undefined
  /** How a POST is answered: as an event stream, which can carry progress, or as one JSON document. Default `sse`. */
  responses?: 'sse' | 'json' | undefined
  require?: RequireOptions | undefined
  /**
   * Hosts the MCP endpoint answers to, such as `mcp.acme.dev` or `localhost:3000`; without a port, any port. Default:
   * loopback names only when `auth.resource` is on loopback (DNS rebinding), else every host.
   */
  allowedHosts?: readonly string[] | undefined
  /**
   * Origins whose pages may call the MCP endpoint, such as `https://app.acme.dev`. Requests without an `Origin` do not
   * come from a page and always pass. Default: loopback origins only when `auth.resource` is on loopback, else all.
   */
  allowedOrigins?: readonly string[] | undefined
  /** Largest request body in bytes; beyond it 413. Default 4 MiB. */
  maxBodyBytes?: number | undefined
  /** Hears of faults on our side: a factory that throws, a server that cannot be closed. Default `console.error`. */
  onError?: ((error: unknown) => void) | undefined
  /** For tests. Default: the runtime's own time. */
  clock?: Clock | undefined
}

/** What the server factory is told about the request it builds for. */
export interface ServerContext<User = unknown> {
  /** With `sessions`: of the request that began the session. In a tool, `getAuth()` has the current one. */
  auth: AuthInfo<User>
  /** Method, URL and headers, without credentials and without the body. */
  request: Request
}

/** The scopes that requests and tool calls need. */
export interface RequireOptions {
  /** Scopes without which nothing here can be reached. */
  scopes?: readonly string[] | undefined
  /** Scopes by tool name. Calling the tool without them is 403 `insufficient_scope`, so that clients can step up. */
  tools?: Readonly<Record<string, readonly string[]>> | undefined
  /**
   * Leave tools the token cannot call out of `tools/list`. Default true. With false, clients see them, call them, and
   * step up when refused.
   */
  hideTools?: boolean | undefined
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

/** What `mcp()` returns: mount it with an adapter, or export it where `{ fetch }` is expected. */
export interface Mcp extends Mountable {
  /**
   * Answers every request; 404 where {@link Mountable.handle} knows no path. The further parameters are those of a
   * Worker; other runtimes may pass what they like.
   */
  fetch(request: Request, environment?: unknown, execution?: unknown): Promise<Response>
  /** Ends all sessions and open streams. */
  close(): Promise<void>
}
