import type { Readable } from 'node:stream'
import type { Mountable } from '@drawbridge/core'
import { toRequest } from '@drawbridge/node/bridge'
import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { send } from './response.ts'

/** Fastify wants one handler per path, but several `mcp()` share the paths of their authorization server. */
const mounts = new WeakMap<object, Map<string, Set<Mountable>>>()

const advice =
  'Let hooks leave the bodies of these routes alone, or return a new stream from a preParsing hook.'

/** What is mounted at each public path of an instance's server. */
export function mountedOn({ server }: FastifyInstance): Map<string, Set<Mountable>> {
  const paths = mounts.get(server) ?? new Map<string, Set<Mountable>>()
  mounts.set(server, paths)
  return paths
}

/** Declares the paths of `x` that lie below the prefix of `scope`, for every method: what answers 405 is `x`. */
export function declareRoutes(scope: FastifyInstance, x: Mountable): void {
  const mounted = mountedOn(scope)
  for (const { path } of x.routes) {
    const url = pathBelow(scope.prefix, path)
    const already = mounted.get(path) ?? mounted.get(sameRoute(scope, path))
    if (already) mounted.set(path, already.add(x))
    if (already || url === undefined) continue
    const here = new Set([x])
    mounted.set(path, here)
    scope.route({ method: [...scope.supportedMethods], url: decoded(url), handler: firstOf(here) })
  }
}

/** A public path as an instance with this prefix has to declare it; `undefined` when it lies elsewhere. */
export function pathBelow(prefix: string, path: string): string | undefined {
  const base = prefix.replace(/\/$/, '')
  return path === base || path.startsWith(`${base}/`) ? path.slice(base.length) : undefined
}

/** The same path with or without a slash at the end, where the application has it that they are one route. */
function sameRoute({ initialConfig }: FastifyInstance, path: string): string {
  const { ignoreTrailingSlash, routerOptions } = initialConfig
  if (!ignoreTrailingSlash && !routerOptions?.ignoreTrailingSlash) return path
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`
}

/** Fastify compares routes with the path it has decoded. What cannot be decoded it answers itself. */
function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** Lets every body of a scope through as the stream it is, whatever its content type. */
export function leaveBodiesUnparsed(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  // Fastify answers 415 to a type it cannot make out, even with a parser for all; some clients name several at once.
  scope.addHook('onRequest', async (request) => {
    request.headers = { ...request.headers, 'content-type': 'application/octet-stream' }
  })
}

function firstOf(mounted: ReadonlySet<Mountable>): RouteHandlerMethod {
  return async (request, reply) => {
    const stream = (request.body ?? null) as Readable | null
    const original = toRequest(request.raw, reply.raw, { target: request.url, stream, advice })
    for (const x of mounted) {
      const response = await x.handle(original, { clientAddress: request.ip })
      if (response) return send(reply, response)
    }
    reply.callNotFound()
    return reply
  }
}
