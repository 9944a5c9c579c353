import { type AuthInfo, type RequestContext, tell } from '@drawbridge/core'
import { type Body, readMessage } from './body.ts'
import type { Connect, Incoming } from './channel.ts'
import { withContext } from './context.ts'
import { exposed } from './cors.ts'
import { hostGuard } from './host-guard.ts'
import { rpcError } from './json-rpc.ts'
import type { Mcp, McpOptions } from './options.ts'
import { allRoutes, endpointPaths, notFound } from './paths.ts'
import { addressed, challenged } from './refusal.ts'
import { sessions } from './sessions.ts'
import { stateless } from './stateless.ts'
import { limitedStream } from './stream.ts'
import { timers } from './timers.ts'
import { toolScopes } from './tool-scopes.ts'

/**
 * Puts an MCP endpoint behind an Auth, whichever SDK `connect` belongs to. The order is: Host and Origin, then the
 * token, and only then anything else about the request, so that whoever has no token learns only where to get one.
 */
export function endpoint<User, Server>(options: McpOptions<User, Server>, connect: Connect<User>): Mcp {
  const { auth, require } = options
  const time = timers(options.clock)
  const paths = endpointPaths(options)
  const methods = options.sessions ? ['GET', 'POST', 'DELETE'] : ['POST']
  const maxBodyBytes = options.maxBodyBytes ?? 4 * 1024 * 1024
  const { onError: listener = (error: unknown) => console.error('[drawbridge]', error) } = options
  const onError = (error: unknown) => tell(listener, error)
  const guard = hostGuard(options, auth.resource)
  const tools = toolScopes(require, auth.grantableScopes)
  const dispatcher = options.sessions
    ? sessions(connect, options.sessions === true ? {} : options.sessions, { time, onError })
    : stateless(connect, onError)

  return { handle, fetch, close: () => dispatcher.close(), routes: allRoutes(auth.routes, paths) }

  async function fetch(request: Request, _environment?: unknown, execution?: unknown): Promise<Response> {
    const answer = await handle(request, { waitUntil: waitUntilOf(execution) })
    return answer ?? exposed(notFound(request, paths, auth.resource))
  }

  async function handle(request: Request, context?: RequestContext): Promise<Response | undefined> {
    const answered = await auth.handle(request, context)
    if (answered) return answered
    if (!paths.includes(new URL(request.url).pathname)) return undefined
    const objection = guard(request)
    if (objection) return rpcError(403, -32000, objection)
    try {
      return await enter(request)
    } catch (error) {
      return fault(error)
    }
  }

  function fault(error: unknown): Response {
    onError(error)
    return exposed(failure(error))
  }

  async function enter(request: Request): Promise<Response> {
    const authentication = await auth.authenticate(request, { scopes: require?.scopes, methods })
    return authentication.ok ? serve(request, authentication.auth) : exposed(authentication.response)
  }

  async function serve(request: Request, info: AuthInfo<User>): Promise<Response> {
    if (!methods.includes(request.method)) {
      return exposed(rpcError(405, -32000, 'Method not allowed.', { allow: methods.join(', ') }))
    }
    const { message, refused }: Body =
      request.method === 'POST' ? await readMessage(request, maxBodyBytes) : { message: undefined }
    const response = refused ? exposed(refused) : await answer(request, info, message).catch(fault)
    return addressed(response, message)
  }

  async function answer(request: Request, info: AuthInfo<User>, message: unknown): Promise<Response> {
    const missing = tools.missingFor(message, info.scopes)
    if (missing) return exposed(await challenged(await auth.challenge(info, { scopes: missing })))

    const incoming: Incoming<User> = {
      auth: info,
      request: withoutCredentials(request),
      message,
      signal: request.signal,
      mayList: (tool) => tools.mayList(tool, info.scopes),
    }
    const { response, done } = await withContext({ gate: auth, incoming }, () => dispatcher.serve(incoming))
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      done()
      return exposed(response)
    }
    const stream = limitedStream(
      response.body,
      {
        expiresAt: info.expiresAt,
        revalidate: () => auth.revalidate(info),
        signal: request.signal,
        time,
        message,
      },
      done,
    )
    return exposed(response, stream)
  }
}

/** What servers get to see: tools that pass a request's headers on must not pass the client's token on. */
function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers)
  for (const name of ['authorization', 'proxy-authorization', 'cookie']) headers.delete(name)
  return new Request(request.url, { method: request.method, headers })
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
