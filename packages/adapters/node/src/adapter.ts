import {
  type Auth,
  type AuthInfo,
  checkMembers,
  checkMounted,
  type Mountable,
  type Mounted,
  mounted,
  pathHint,
  type ScopeNeed,
} from '@drawbridge/core'
import { fault } from './bridge/fault.ts'
import { goingOn } from './bridge/going-on.ts'
import { type NodeRequest, requestHead, toRequest } from './bridge/request.ts'
import { type NodeResponse, send } from './bridge/response.ts'

/** Options of {@link drawbridge}. */
export interface DrawbridgeOptions {
  /**
   * Where the client's address is found, which events about registrations tell. Default: the peer of the socket. Behind
   * a proxy, read the header that proxy sets.
   */
  clientAddress?: ((req: NodeRequest) => string | undefined) | undefined
}

/** A request that may carry who it acts for; behind {@link protect} it does. */
export type GuardedRequest<User = unknown, Req extends NodeRequest = NodeRequest> = Req & {
  auth?: AuthInfo<User>
}

/**
 * Called without an argument: the request is for whoever comes next. With an error: something failed, which only a
 * function with a parameter is told. One without is not called then.
 */
export type Next = (error?: unknown) => void

/** What {@link drawbridge} returns: a listener of `createServer`, and middleware as `connect` knows it. */
export type Handler = (req: NodeRequest, res: NodeResponse, next?: Next) => void

/** What {@link protect} returns. */
export type Guard<User = unknown> = (req: GuardedRequest<User>, res: NodeResponse, next: Next) => void

const advice = 'Mount drawbridge() first, or leave what a body parser made of it in req.body.'

/**
 * Mounts an `mcp()`, an `Auth` alone, or a list of them, on a server of `node:http` or `node:http2`. What is not its own goes on to
 * `next`. Without one it is the whole server, and answers other paths with 404.
 *
 * Errors of the mounted server reach a `next` that takes one, as `connect` calls it. Elsewhere they are written to the
 * standard error and answered with 500.
 *
 * @throws {ConfigurationError} for what cannot be mounted, saying what to write
 * @example
 * ```ts
 * createServer(drawbridge(mcp({ auth, server: createServer }))).listen(3000)
 *
 * const mounted = drawbridge(mcp({ auth, server: createServer }))
 * createServer((req, res) => mounted(req, res, () => res.end('my own page')))
 * ```
 */
export function drawbridge(x: Mountable | readonly Mountable[], options: DrawbridgeOptions = {}): Handler {
  const all = mounted(x)
  checkMembers<DrawbridgeOptions>('drawbridge', options, { clientAddress: 'function' })
  const { clientAddress = peerAddress } = options
  return (req, res, next) => {
    let hint: string | undefined
    const answer = async () => {
      // Frameworks with sub-applications keep the whole path there, and body parsers their result.
      const { originalUrl: target, body: parsed } = req as { originalUrl?: string; body?: unknown }
      const request = toRequest(req, res, { target, parsed, advice })
      if (target?.endsWith(req.url ?? '')) standsBelow(all, target.slice(0, -(req.url ?? '').length))
      const response = await all.handle(request, { clientAddress: clientAddress(req) })
      if (response) {
        await send(res, response)
        return false
      }
      goingOn(all, request, res)
      if (!next) hint = pathHint(all.endpoints, request)
      return true
    }
    goOn(answer(), res, next ?? lastResort(res, () => hint))
  }
}

/**
 * Guards what `next` does: it is called only for a request with a good token (RFC 6750), and finds who it acts for in
 * `req.auth`. Everything else is answered with the challenge that leads a client to sign in (RFC 9728). An error of the
 * check reaches a `next` that takes one; elsewhere it is written to the standard error and answered with 500.
 *
 * The preflight of a page of another origin (Fetch standard) is answered too. Whether the page may read what the handler
 * answers is for the application to say.
 *
 * @param need Scopes the token must carry; without them, 403 `insufficient_scope` names them. `methods` are what the
 *   route answers, for preflights; left out, a page may use the method it asks for.
 * @throws {ConfigurationError} for what is no Auth, saying what to write
 * @example
 * ```ts
 * const guard = protect(auth, { scopes: ['files:read'] })
 * createServer((req: GuardedRequest, res) => {
 *   guard(req, res, () => res.end(req.auth?.extra.subject))
 * })
 * ```
 */
export function protect<User>(auth: Auth<User>, need?: ScopeNeed): Guard<User> {
  checkMounted('protect', auth, need)
  return (req, res, next) => {
    const check = async () => {
      const { originalUrl } = req as { originalUrl?: string }
      const result = await auth.authenticate(requestHead(req, originalUrl), need)
      if (result.ok) req.auth = result.auth
      else await send(res, result.response)
      return result.ok
    }
    goOn(check(), res, next)
  }
}

/** Says what does not come here, where `connect` and the like have removed a prefix. */
function standsBelow(all: Mounted, prefix: string): void {
  const place = `Mount it on the outermost application, and not below "${prefix}"; a public prefix belongs in issuer.`
  all.standsWhere((path) => path === prefix || path.startsWith(`${prefix}/`), place)
}

function peerAddress(req: NodeRequest): string | undefined {
  return req.socket.remoteAddress
}

/** Calls `next` once it is known that somebody else is to answer, or with what was thrown. */
function goOn(forward: Promise<boolean>, res: NodeResponse, next: Next): void {
  // Who takes no error would go on as if there were none: a guard must not call it.
  const told = next.length > 0 ? next : lastResort(res)
  // Not `catch`: what `next` throws is not for `next`.
  forward.then(
    (yes) => yes && next(),
    (thrown) => told(fault(thrown)),
  )
}

/** Answers where no application does. */
function lastResort(res: NodeResponse, hint: () => string | undefined = () => undefined): Next {
  return (error) => {
    if (error !== undefined) console.error(error)
    if (res.headersSent) return void res.destroy()
    const [status, text] = error === undefined ? [404, hint() ?? 'Not Found'] : [500, 'Internal Server Error']
    send(res, new Response(text, { status })).catch(console.error)
  }
}
