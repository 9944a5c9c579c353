import type { Auth, AuthInfo, Mountable, RequestContext, ScopeNeed } from '@drawbridge/core'
import { checkMembers, checkMounted, mounted } from '@drawbridge/core'
import type { Context, MiddlewareHandler } from 'hono'
import { originalRequest } from './request.ts'

/** Options of {@link drawbridge}. */
export interface DrawbridgeOptions {
  /**
   * Where the client's address is found, which events about registrations tell. Default: the peer of the socket under
   * `@hono/node-server`, nothing elsewhere. Behind a proxy, read the header that proxy sets.
   */
  clientAddress?: ((c: Context) => string | undefined) | undefined
}

/** What {@link protect} adds to the context: `c.get('auth')` and `c.var.auth`. */
export type AuthEnv<User = unknown> = { Variables: { auth: AuthInfo<User> } }

/** The Fetch standard has no such request. `@hono/node-server` makes one and then fails on its body. */
const credentialsInUrl = /^https?:\/\/[^/?#]*@/i

const place =
  'Write app.use(drawbridge(x)) on the outermost app, instead or as well, without a path; a public prefix belongs in issuer.'

/**
 * Mounts an `mcp()`, an `Auth` alone, or a list of them, as middleware. Paths that are not its own go on to the next
 * handler. Mount it on the outermost app: below a prefix, the well-known paths at the root of the host do not reach it,
 * which the first request says.
 *
 * Errors of the mounted server reach `app.onError`.
 *
 * @throws {ConfigurationError} for what cannot be mounted, saying what to write
 * @example
 * ```ts
 * const app = new Hono().use(drawbridge(mcp({ auth, server: createServer })))
 * ```
 */
export function drawbridge(
  x: Mountable | readonly Mountable[],
  options: DrawbridgeOptions = {},
): MiddlewareHandler {
  const all = mounted(x)
  checkMembers<DrawbridgeOptions>('drawbridge', options, { clientAddress: 'function' })
  const { clientAddress = peerAddress } = options
  return async (c, next) => {
    if (credentialsInUrl.test(c.req.url)) return c.body(null, 400)
    const { routePath } = c.req
    all.standsWhere((path) => reaches(routePath, path), place)
    const context = { clientAddress: clientAddress(c), waitUntil: waitUntil(c) }
    const response = await all.handle(originalRequest(c), context)
    if (response) return answer(c, response)
    const unanswered = all.passedOn(c.req.raw, c.req.raw)
    await next()
    if (c.res.status === 404) unanswered?.()
    return undefined
  }
}

/**
 * Guards a route: the handler runs only for a request with a good token (RFC 6750), and finds who it acts for in
 * `c.get('auth')`. Everything else is answered with the challenge that leads a client to sign in (RFC 9728).
 *
 * The preflight of a page of another origin (Fetch standard) is answered where the route takes OPTIONS too: `app.use`,
 * `app.all`, or `app.options('/files', protect(auth))` beside it. Whether the page may read what the handler answers is
 * for the application to say.
 *
 * @param need Scopes the token must carry; without them, 403 `insufficient_scope` names them. `methods` are what the
 *   route answers, for preflights; left out, a page may use the method it asks for.
 * @throws {ConfigurationError} for what is no Auth, saying what to write
 * @example
 * ```ts
 * app.get('/files', protect(auth, { scopes: ['files:read'] }), (c) => c.json(list(c.get('auth').extra.subject)))
 * ```
 */
export function protect<User>(auth: Auth<User>, need?: ScopeNeed): MiddlewareHandler<AuthEnv<User>> {
  checkMounted('protect', auth, need)
  return async (c, next) => {
    const result = await auth.authenticate(c.req.raw, need)
    if (!result.ok) return answer(c, result.response)
    c.set('auth', result.auth)
    return next()
  }
}

/** Whether a route of Hono's takes requests for this path. Of patterns beyond `/*` nobody knows. */
function reaches(route: string, path: string): boolean {
  const [, fixed = '', rest] = /^(.*?)(\/?\*)?$/.exec(route) ?? []
  if (/[:*{]/.test(fixed)) return true
  return path === fixed || (rest !== undefined && path.startsWith(`${fixed}/`))
}

/**
 * Cookies go through the context: once an earlier middleware has touched `c.res`, Hono keeps that one's cookies and
 * drops those of a response returned later.
 */
function answer(c: Context, whole: Response): Response {
  const response = c.req.method === 'HEAD' ? withoutBody(whole) : whole
  const cookies = response.headers.getSetCookie()
  if (cookies.length === 0) return response
  for (const cookie of cookies) c.header('Set-Cookie', cookie, { append: true })
  const rest = new Response(null, response)
  rest.headers.delete('set-cookie')
  return c.newResponse(response.body, rest)
}

/** Hono drops the body of an answer to HEAD, and what feeds it would wait for a reader. */
function withoutBody(response: Response): Response {
  response.body?.cancel().catch(() => {})
  return new Response(null, response)
}

function peerAddress(c: Context): string | undefined {
  return c.env?.incoming?.socket?.remoteAddress
}

function waitUntil(c: Context): RequestContext['waitUntil'] {
  try {
    const { executionCtx } = c
    return (work) => executionCtx.waitUntil(work)
  } catch {
    // Hono throws where the platform has no such context, such as on Node.
    return undefined
  }
}
