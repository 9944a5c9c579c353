import {
  type Auth,
  type AuthInfo,
  checkMounted,
  type Mountable,
  type Mounted,
  mounted,
  type ScopeNeed,
} from '@drawbridge/core'
import { goingOn, requestHead } from '@drawbridge/node/bridge'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { send } from './response.ts'
import { declareRoutes, leaveBodiesUnparsed, mountedOn, pathBelow } from './routes.ts'

/**
 * Names the type of `request.auth.extra.user` for an application:
 * `declare module '@drawbridge/fastify' { interface Register { user: GitHubUser } }`. `unknown` until then.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it.
export interface Register {}

/** The user type an application registered. */
export type RegisteredUser<Registered = Register> = Registered extends { user: infer User } ? User : unknown

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the request acts for; present behind {@link protect}. */
    auth?: AuthInfo<RegisteredUser>
  }
}

/**
 * A plugin that mounts an `mcp()`, an `Auth` alone, or a list of them, at the paths it names. Register it on the root instance: an
 * instance with a prefix cannot serve the well-known paths at the root of the host, and a warning says which ones. A
 * public prefix belongs in `issuer`, not in `register`.
 *
 * Hooks apply as to any route; bodies reach the mounted server unparsed and without Fastify's limit, since it has its
 * own. Its errors reach the instance's error handler.
 *
 * @throws {ConfigurationError} for what cannot be mounted, saying what to write
 * @example
 * ```ts
 * await app.register(drawbridge(mcp({ auth, server: createServer })))
 * ```
 */
export function drawbridge(given: Mountable | readonly Mountable[]): FastifyPluginAsync<{ prefix?: string }> {
  const x = mounted(given)
  const plugin: FastifyPluginAsync<{ prefix?: string }> = async (instance, { prefix }) => {
    if (!instance.hasRequestDecorator('auth')) instance.decorateRequest('auth')
    await instance.register(async (scope) => {
      leaveBodiesUnparsed(scope)
      declareRoutes(scope, x)
    })
    instance.addHook('onReady', async () => warnOfPrefix(instance, x, prefix))
    instance.addHook('onRequest', async (request, reply) => {
      // Fastify knows by then that nobody has this path.
      if (request.is404) goingOn(x, requestHead(request.raw, request.url), reply.raw)
    })
  }
  return Object.assign(plugin, {
    // `request.auth`, and paths that are not below `prefix`, are for more than this plugin's own scope.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('plugin-meta')]: { name: '@drawbridge/fastify', fastify: '5.x' },
  })
}

/**
 * A hook, `onRequest` or `preHandler`, that guards a route: the handler runs only for a request with a good token
 * (RFC 6750), and finds who it acts for in `request.auth`. Everything else is answered with the challenge that leads
 * a client to sign in (RFC 9728).
 *
 * The preflight of a page of another origin (Fetch standard) is answered where the route takes OPTIONS too: a route for
 * all methods, or `app.options('/files', { onRequest: protect(auth) }, () => {})` beside it. Whether the page may read
 * what the handler answers is for the application to say.
 *
 * @param need Scopes the token must carry; without them, 403 `insufficient_scope` names them. `methods` are what the
 *   route answers, for preflights; left out, a page may use the method it asks for.
 * @throws {ConfigurationError} for what is no Auth, saying what to write
 * @example
 * ```ts
 * app.get('/files', { onRequest: protect(auth, { scopes: ['files:read'] }) }, (request) => list(request.auth))
 * ```
 */
export function protect(auth: Auth<RegisteredUser>, need?: ScopeNeed): Guard {
  checkMounted('protect', auth, need)
  return async (request, reply) => {
    const result = await auth.authenticate(requestHead(request.raw, request.url), need)
    if (!result.ok) return send(reply, result.response)
    request.auth = result.auth
  }
}

/** What {@link protect} returns. */
export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** Says what a prefix does not do, once it is known that no other instance does it either. */
function warnOfPrefix(instance: FastifyInstance, x: Mounted, prefix = ''): void {
  const paths = x.routes.map(({ path }) => path)
  // Without a logger nobody would hear of it.
  const warn = (text: string) => (instance.log.level === undefined ? x.notice(text) : instance.log.warn(text))
  const unserved = paths.filter((path) => !mountedOn(instance).has(path))
  if (unserved.length > 0) {
    warn(
      `drawbridge: an instance with the prefix "${instance.prefix}" cannot serve ${unserved.join(', ')}. Register drawbridge(x) on the root instance, instead or as well; a public prefix belongs in issuer.`,
    )
  }
  if (prefix && !paths.some((path) => pathBelow(instance.prefix + prefix, path) !== undefined)) {
    warn(
      `drawbridge: the prefix "${prefix}" has no effect, since the paths are those of issuer: ${paths.join(', ')}. Put the prefix into issuer instead.`,
    )
  }
}
