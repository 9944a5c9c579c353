import type { RequestContext } from '@drawbridge/core'
import { answers } from './answer.ts'
import type { Line } from './channel.ts'
import { exposed } from './cors.ts'
import { demands } from './demand.ts'
import { dispatchers, type Place } from './dispatch.ts'
import { entry } from './entry.ts'
import { health } from './health.ts'
import { hostGuard } from './host-guard.ts'
import { rpcError } from './json-rpc.ts'
import { legacyPaths } from './legacy-paths.ts'
import { listenersOf } from './listeners.ts'
import { misdirection } from './misdirected.ts'
import type { AnyOptions, Mcp } from './options.ts'
import { allRoutes, endpointPaths, notFound, withSlash } from './paths.ts'
import { publicComponents } from './public.ts'
import { requirements } from './requirements.ts'
import { timers } from './timers.ts'

/**
 * Puts an MCP endpoint behind an Auth, whichever SDK `line` is: Host and Origin first, then whether the request may come
 * in, and then what it may do.
 */
export function endpoint<User, Server>(options: AnyOptions<User, Server>, line: Line<User>): Mcp {
  const { auth, require } = options
  const time = timers(options.clock)
  const here = { url: auth?.resource, paths: endpointPaths(options) }
  const paths = withSlash(here.paths)
  const ready = async () => auth?.ready?.()
  const state = health(ready, time)
  const { onError, onNotice } = listenersOf(options)
  const elsewhere = misdirection(auth?.resource, onNotice)
  const guard = hostGuard(options)
  const old = legacyPaths(options, here.paths)
  const { streamSeconds = 300 } = options.public?.limits ?? {}

  const template = line.template.bind(line)
  const required = requirements<User>(require, { grantable: auth?.grantableScopes, template, onError })
  const open = options.public && publicComponents(options.public, require, template)
  const main: Place<User> = { methods: options.sessions ? ['GET', 'POST', 'DELETE'] : ['POST'] }
  const { methods } = main
  const servers = dispatchers(options, line, { old, streamSeconds, time, onError })
  const asked = demands(auth, line, {
    always: require?.scopes,
    methods,
    usual: options.public?.challenge ?? 'http',
  })
  const answer = answers<User>({
    ...{ auth, required, open, dispatchers: servers, demands: asked, time, streamSeconds },
    keepAliveSeconds: options.streams?.keepAliveSeconds,
  })
  const enter = entry<User, Server>(options, { required, open, guard, demands: asked, answer, fault, main })

  if (!auth) onNotice('mcp(): there is no `auth`. Everybody who reaches this server can use all of it.')
  if (open) onNotice(open.notice)
  if (old?.notice !== undefined) onNotice(old.notice)
  const routes = allRoutes(auth?.routes ?? [], paths, options.health, old)
  return { handle, fetch, ready, close, routes, endpoints: [here], notice: onNotice }

  async function fetch(request: Request, _environment?: unknown, execution?: unknown): Promise<Response> {
    const answer = await handle(request, { waitUntil: waitUntilOf(execution) })
    return answer ?? exposed(notFound(request, here))
  }

  async function close(): Promise<void> {
    state.end()
    await Promise.all([servers.close(), line.close?.()])
  }

  async function handle(request: Request, context?: RequestContext): Promise<Response | undefined> {
    const answered = await auth?.handle(request, context)
    if (answered) return answered
    const { pathname } = new URL(request.url)
    if (pathname === options.health) return state.answer(request)
    const place = placeOf(pathname)
    if (!place) return undefined
    const objection = guard.objection(request)
    if (objection) return rpcError(403, -32000, objection)
    try {
      return await elsewhere.explained(request, await enter(request, context, place))
    } catch (error) {
      return fault(error)
    }
  }

  function fault(error: unknown): Response {
    onError(error)
    return exposed(failure(error))
  }

  function placeOf(pathname: string): Place<User> | undefined {
    if (paths.includes(pathname)) return main
    const { connections } = servers
    if (old?.streams.includes(pathname)) return { methods: ['GET'], connections }
    return old?.messages.includes(pathname) ? { methods: ['POST'], connections } : undefined
  }
}

/** By name and not `instanceof`: two copies of core may be installed side by side. */
function failure(error: unknown): Response {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === 'Unavailable') {
    return rpcError(503, -32000, 'A service we depend on is out. Try again shortly.', { 'retry-after': '2' })
  }
  return rpcError(
    500,
    -32603,
    name === 'ConfigurationError' ? `Internal error: ${message}` : 'Internal error',
  )
}

function waitUntilOf(execution: unknown): RequestContext['waitUntil'] {
  if (typeof execution !== 'object' || execution === null || !('waitUntil' in execution)) return undefined
  const { waitUntil } = execution
  return typeof waitUntil === 'function' ? (work) => waitUntil.call(execution, work) : undefined
}
