import {
  type Auth,
  type AuthInfo,
  checkMounted,
  type Mountable,
  mounted,
  type ScopeNeed,
} from '@drawbridge/core'
import { fault, goingOn, requestHead, send, toRequest } from '@drawbridge/node/bridge'
import type { Request, RequestHandler } from 'express'

/**
 * Names the type of `req.auth.extra.user` for an application:
 * `declare module '@drawbridge/express' { interface Register { user: GitHubUser } }`. `unknown` until then.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it.
export interface Register {}

/** The user type an application registered. */
export type RegisteredUser<Registered = Register> = Registered extends { user: infer User } ? User : unknown

declare global {
  namespace Express {
    interface Request {
      /** Who the request acts for; present behind {@link protect}. */
      auth?: AuthInfo<RegisteredUser>
    }
  }
}

const advice =
  'Mount drawbridge() first, or read the body with express.json() and express.urlencoded(), and leave req.body as they made it.'

const place =
  'Write app.use(drawbridge(x)) on the outermost app, instead or as well, without a path; a public prefix belongs in issuer.'

/**
 * Mounts an `mcp()`, an `Auth` alone, or a list of them, as middleware. Paths that are not its own go on to the next
 * handler. Mount it on the outermost app: below a prefix, the well-known paths at the root of the host do not reach it,
 * which the first request says.
 *
 * Errors of the mounted server reach the application's error handler. Body parsers may run before or after it.
 *
 * @throws {ConfigurationError} for what cannot be mounted, saying what to write
 * @example
 * ```ts
 * express().use(drawbridge(mcp({ auth, server: createServer }))).listen(3000)
 * ```
 */
export function drawbridge(x: Mountable | readonly Mountable[]): RequestHandler {
  const all = mounted(x)
  return forwarding(async (req, res, next) => {
    all.standsWhere((path) => reaches(req, path), place)
    // Below a sub-application `req.url` is shortened; the paths of an authorization server are whole.
    const request = toRequest(req, res, { target: req.originalUrl, parsed: req.body, advice })
    const response = await all.handle(request, { clientAddress: req.ip })
    if (response) return send(res, response)
    goingOn(all, request, res)
    next()
  })
}

/**
 * Guards a route: the handler runs only for a request with a good token (RFC 6750), and finds who it acts for in
 * `req.auth`. Everything else is answered with the challenge that leads a client to sign in (RFC 9728).
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
 * app.get('/files', protect(auth, { scopes: ['files:read'] }), (req, res) => res.json(list(req.auth?.extra.subject)))
 * ```
 */
export function protect(auth: Auth<RegisteredUser>, need?: ScopeNeed): RequestHandler {
  checkMounted('protect', auth, need)
  return forwarding(async (req, res, next) => {
    const result = await auth.authenticate(requestHead(req, req.originalUrl), need)
    if (!result.ok) return send(res, result.response)
    req.auth = result.auth
    next()
  })
}

/** Whether a request for this path would come where `req` has come. Of patterns nobody knows. */
function reaches({ baseUrl, route }: Request, path: string): boolean {
  if (baseUrl !== '' && path !== baseUrl && !path.startsWith(`${baseUrl}/`)) return false
  const only: unknown = route?.path
  return typeof only !== 'string' || /[*:(]/.test(only) || path === baseUrl + only
}

/** Express 4 does not look at what becomes of a handler's promise. */
function forwarding(handler: (...given: Parameters<RequestHandler>) => Promise<void>): RequestHandler {
  return (req, res, next) => handler(req, res, next).catch((thrown) => next(fault(thrown)))
}
