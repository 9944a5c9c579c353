import { type Auth, type AuthInfo, type RequestContext, routePreflight } from '@drawbridge/core'
import { missingScopes, unionScopes } from '@drawbridge/core/syntax'
import { type Body, readMessage } from './body.ts'
import { bounded } from './bounded.ts'
import { boundedStream } from './bounded-stream.ts'
import type { Dispatcher, Incoming, Line } from './channel.ts'
import { exposed } from './cors.ts'
import { withContext } from './current.ts'
import { eventsOfSessions } from './events.ts'
import { health } from './health.ts'
import { held } from './held-answer.ts'
import { hostGuard } from './host-guard.ts'
import { isInitialize, requestIds, rpcError } from './json-rpc.ts'
import { legacyPaths } from './legacy-paths.ts'
import { legacySse } from './legacy-sse.ts'
import { listenersOf } from './listeners.ts'
import { misdirection } from './misdirected.ts'
import { operationsIn } from './operations.ts'
import type { Mcp, McpOptions, OpenOptions, PublicOptions } from './options.ts'
import { allRoutes, endpointPaths, notFound, withSlash } from './paths.ts'
import { publicComponents } from './public.ts'
import { addressed, challenged, notSignedIn, scopesOfChallenge, tooLittle } from './refusal.ts'
import { requirements } from './requirements.ts'
import { schemesOf } from './security-schemes.ts'
import { sessions } from './sessions.ts'
import { stateless } from './stateless.ts'
import { limitedStream } from './stream.ts'
import { timers } from './timers.ts'
import { toolChallenge } from './tool-challenge.ts'

/** Options of every `mcp()`: which of both, `auth` says. */
export type AnyOptions<User, Server> = McpOptions<User, Server, PublicOptions> | OpenOptions<Server>

/**
 * Puts an MCP endpoint behind an Auth, whichever SDK `line` is. The order is: Host and Origin, then the token, and only
 * then anything else about the request, so that whoever has no token learns only where to get one. With `public`, a
 * request without a token is read first, in little, to see whether it needs one.
 */
export function endpoint<User, Server>(options: AnyOptions<User, Server>, line: Line<User>): Mcp {
  const { auth } = options
  const time = timers(options.clock)
  const here = { url: auth?.resource, paths: endpointPaths(options) }
  const paths = withSlash(here.paths)
  const ready = async () => auth?.ready?.()
  const state = health(ready, time)
  const methods = options.sessions ? ['GET', 'POST', 'DELETE'] : ['POST']
  const maxBodyBytes = options.maxBodyBytes ?? 4 * 1024 * 1024
  const { onError, onNotice } = listenersOf(options)
  const elsewhere = misdirection(auth?.resource, onNotice)
  const template = line.template.bind(line)
  const required = requirements<User>(options.require, {
    grantable: auth?.grantableScopes,
    template,
    onError,
  })
  const open = options.public && publicComponents(options.public, options.require, template)
  const { bodyBytes = 64 * 1024, streamSeconds = 300, concurrent = 100 } = options.public?.limits ?? {}
  const guard = hostGuard(options)
  const alone = stateless(line.connect, onError)
  const forNobody = bounded(alone, { concurrent, seconds: streamSeconds }, time)
  const together = options.sessions
    ? sessions(line.connect, options.sessions === true ? {} : options.sessions, {
        time,
        onError,
        eventsOf: eventsOfSessions(options.streams?.events, { time, onError }),
      })
    : undefined
  const old = legacyPaths(options, here.paths)
  const connections =
    old &&
    legacySse(
      line.connect,
      {
        ...(options.legacySse === true ? {} : options.legacySse),
        messages: old.announced,
        retrySeconds: options.streams?.retrySeconds,
      },
      { time, onError },
    )
  if (!auth) onNotice('mcp(): there is no `auth`. Everybody who reaches this server can use all of it.')
  if (open) onNotice(open.notice)

  if (old?.notice !== undefined) onNotice(old.notice)
  const main: Place<User> = { methods }

  const routes = allRoutes(auth?.routes ?? [], paths, options.health, old)
  return { handle, fetch, ready, close, routes, endpoints: [here], notice: onNotice }

  async function fetch(request: Request, _environment?: unknown, execution?: unknown): Promise<Response> {
    const answer = await handle(request, { waitUntil: waitUntilOf(execution) })
    return answer ?? exposed(notFound(request, here))
  }

  async function close(): Promise<void> {
    state.end()
    await Promise.all([alone.close(), together?.close(), connections?.close(), line.close?.()])
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
    if (old?.streams.includes(pathname)) return { methods: ['GET'], connections }
    return old?.messages.includes(pathname) ? { methods: ['POST'], connections } : undefined
  }

  async function enter(
    request: Request,
    context: RequestContext | undefined,
    place: Place<User>,
  ): Promise<Response> {
    const { methods, connections } = place
    if (!auth) {
      if (request.method === 'OPTIONS') return routePreflight(request, methods)
      return serve(request, undefined, place)
    }
    // Any other credentials are no absence of them: who meant to sign in is not to be taken for nobody.
    const isAnonymous = open && request.method !== 'OPTIONS' && !request.headers.has('authorization')
    if (isAnonymous && !connections) return enterWithoutToken(request, auth, context)
    const authentication = await auth.authenticate(request, { scopes: options.require?.scopes, methods })
    return authentication.ok ? serve(request, authentication.auth, place) : exposed(authentication.response)
  }

  async function enterWithoutToken(
    request: Request,
    gate: Auth<User>,
    context: RequestContext | undefined,
  ): Promise<Response> {
    if (request.method !== 'POST') return exposed(methodNotAllowed(['POST']))
    // A page that nobody named could call from within a network what cannot be reached from without.
    if (guard.isForeignPage(request)) return exposed(await unauthorized(gate, request, []))
    const tooMany = await gate.limitAnonymous?.(request, context)
    if (tooMany)
      return exposed(await challenged(tooMany, 'Too many requests without a sign-in. Try again later.'))
    const { message, refused } = await readMessage(request, bodyBytes)
    const operations = operationsIn(message)
    if (refused || !open?.admits(operations))
      return demand({ request, message }, required.scopesOf(operations))
    return addressed(await answer(request, undefined, message, main).catch(fault), message)
  }

  /** 401 with the challenge for what was tried. Reads no token, since there is none. */
  async function unauthorized(
    gate: Auth<User>,
    { url, method, headers }: Request,
    scopes: readonly string[],
  ): Promise<Response> {
    const need = unionScopes(options.require?.scopes, scopes)
    const authentication = await gate.authenticate({ url, method, headers }, { scopes: need, methods })
    if (!authentication.ok) return authentication.response
    // Only a gate that needs no token gets here.
    throw new Error('auth.authenticate() let a request in that has no Authorization header')
  }

  async function serve(
    request: Request,
    info: AuthInfo<User> | undefined,
    place: Place<User>,
  ): Promise<Response> {
    // Who goes on without a session has no stream of one either.
    const isAlone = open !== undefined && !place.connections && !request.headers.has('mcp-session-id')
    const allowed = isAlone ? ['POST'] : place.methods
    if (!allowed.includes(request.method)) return exposed(methodNotAllowed(allowed))
    const { message, refused }: Body =
      request.method === 'POST' ? await readMessage(request, maxBodyBytes) : { message: undefined }
    const response = refused ? exposed(refused) : await answer(request, info, message, place).catch(fault)
    return addressed(response, message)
  }

  async function answer(
    request: Request,
    info: AuthInfo<User> | undefined,
    message: unknown,
    { connections }: Place<User>,
  ): Promise<Response> {
    // Clients of HTTP+SSE await no results here.
    const way = connections && 'http'
    const operations = operationsIn(message)
    const decision = info
      ? required.decide(operations, info)
      : { kind: 'allowed' as const, scopes: required.scopesOf(operations) }
    if (decision.kind === 'refused') {
      return exposed(rpcError(403, -32000, `You are not allowed to use ${decision.what}.`))
    }
    if (info && decision.kind === 'short') return demand({ request, message, info }, decision.scopes, way)

    const incoming: Incoming<User> = {
      gate: auth,
      auth: info,
      request: withoutCredentials(request),
      message,
      signal: request.signal,
      outgoing: {
        differs: required.differs || open?.differs === true,
        mayList: (listed) => (info ? required.mayList(listed, info) : (open?.mayList(listed) ?? true)),
        isForSome: (name) =>
          required.has({ kind: 'resource', name }) || open?.has({ kind: 'resource', name }) === false,
        schemesOf: open && schemes,
      },
    }
    const began = time.now()
    const kept = connections ?? (together && isForSession(incoming) ? together : alone)
    const dispatcher = auth && !info ? forNobody : kept
    const served = await withContext(incoming, () => dispatcher.serve(incoming)).catch((error: unknown) => {
      // The factory may find that it needs a sign-in, too: then this is replaced by the challenge.
      if (!incoming.wanted || !auth) throw error
      return { response: new Response(null, { status: 403 }), done() {} }
    })
    const { done } = served
    const isStream = served.response.headers.get('content-type')?.startsWith('text/event-stream')
    const isAwaited = isStream && requestIds(message).length > 0
    const response = isAwaited ? await held(served.response, time) : served.response
    const wanted = incoming.wanted?.scopes ?? scopesOfChallenge(response)
    if (wanted && auth) {
      incoming.isChallenged = true
      incoming.forget?.()
      done()
      await response.body?.cancel().catch(() => {})
      const scopes = unionScopes(decision.scopes, wanted)
      return demand({ request, message, info }, scopes, way ?? incoming.wanted?.challenge)
    }
    if (!response.body || !isStream) {
      done()
      return exposed(response)
    }
    const holder = () => incoming.renewed?.() ?? info
    const without = auth ? began / 1000 + streamSeconds : Number.POSITIVE_INFINITY
    const stream = limitedStream(
      boundedStream(response.body),
      {
        isAnonymous: !info,
        get expiresAt() {
          return holder()?.expiresAt ?? without
        },
        async revalidate() {
          const now = holder()
          return !now || !auth || auth.revalidate(now)
        },
        signal: request.signal,
        time,
        get message() {
          return incoming.owed?.() ?? message
        },
        keepAliveSeconds: options.streams?.keepAliveSeconds,
        onCut: () => incoming.events?.cut(),
      },
      done,
    )
    return exposed(response, stream)
  }

  /** Asks for a sign-in, or for more scope. */
  async function demand(
    { request, message, info }: { request: Request; message: unknown; info?: AuthInfo<User> | undefined },
    scopes: readonly string[],
    way: 'http' | 'result' = options.public?.challenge ?? 'http',
  ): Promise<Response> {
    if (!auth) throw new Error('nobody signs in where there is no `auth`')
    const challenge = info
      ? await auth.challenge(info, { scopes })
      : await unauthorized(auth, request, scopes)
    const text = info ? tooLittle(missingScopes(scopes, info.scopes)) : notSignedIn
    const isStateless = line.isStateless?.({ request, message }) === true
    const result = way === 'result' && toolChallenge(challenge, message, { text, isStateless })
    return exposed(result || (info ? await challenged(challenge, text) : challenge))
  }

  /** What the listing of a tool says. */
  function schemes(name: string): ReturnType<typeof schemesOf> {
    const scopes = required.scopesOf([{ kind: 'tool', name, args: undefined }])
    return schemesOf(open?.has({ kind: 'tool', name }) === true, scopes)
  }

  /** Who came without a token got no session, and goes on without one until it initializes anew. */
  function isForSession(incoming: Incoming<User>): boolean {
    const { request, message } = incoming
    if (line.isStateless?.(incoming)) return false
    if (!open || request.method !== 'POST' || request.headers.has('mcp-session-id')) return true
    return isInitialize(message)
  }
}

/** One of the addresses of the endpoint. */
interface Place<User> {
  methods: readonly string[]
  /** Of HTTP+SSE. */
  connections?: Dispatcher<User> | undefined
}

function methodNotAllowed(methods: readonly string[]): Response {
  return rpcError(405, -32000, 'Method not allowed.', { allow: methods.join(', ') })
}

/** What servers get to see: tools that pass a request's headers on must not pass the client's token on. */
function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers)
  for (const name of ['authorization', 'proxy-authorization', 'cookie']) headers.delete(name)
  return new Request(request.url, { method: request.method, headers, signal: request.signal })
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
