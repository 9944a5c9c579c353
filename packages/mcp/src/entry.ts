import { type Auth, type AuthInfo, type RequestContext, routePreflight } from '@drawbridge/core'
import type { Answer } from './answer.ts'
import { type Body, readMessage } from './body.ts'
import { exposed } from './cors.ts'
import type { Demands } from './demand.ts'
import type { Place } from './dispatch.ts'
import type { HostGuard } from './host-guard.ts'
import { rpcError } from './json-rpc.ts'
import { operationsIn } from './operations.ts'
import type { AnyOptions } from './options.ts'
import type { PublicComponents } from './public.ts'
import { addressed, challenged } from './refusal.ts'
import type { Requirements } from './requirements.ts'

/** Lets a request in, or not. */
export type Enter<User> = (
  request: Request,
  context: RequestContext | undefined,
  place: Place<User>,
) => Promise<Response>

interface Surroundings<User> {
  required: Requirements<User>
  /** What is public, if anything is. */
  open: PublicComponents | undefined
  guard: HostGuard
  demands: Demands<User>
  answer: Answer<User>
  /** What something that failed is answered with. */
  fault: (error: unknown) => Response
  /** The endpoint's own address. */
  main: Place<User>
}

/**
 * The way in: the token comes before anything else about a request, so that whoever has none learns only where to get one.
 * With `public`, a request without a token is read first, in little, to see whether it needs one.
 */
export function entry<User, Server>(
  options: AnyOptions<User, Server>,
  { required, open, guard, demands, answer, fault, main }: Surroundings<User>,
): Enter<User> {
  const { auth, maxBodyBytes = 4 * 1024 * 1024 } = options
  const { bodyBytes = 64 * 1024 } = options.public?.limits ?? {}
  const { unauthorized, demand } = demands
  return enter

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
    if (guard.isForeignPage(request)) return exposed(await unauthorized(request, []))
    const tooMany = await gate.limitAnonymous?.(request, context)
    if (tooMany)
      return exposed(await challenged(tooMany, 'Too many requests without a sign-in. Try again later.'))
    const { message, refused } = await readMessage(request, bodyBytes)
    const operations = operationsIn(message)
    if (refused || !open?.admits(operations))
      return demand({ request, message }, required.scopesOf(operations))
    return addressed(await answer(request, undefined, message, main).catch(fault), message)
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
}

function methodNotAllowed(methods: readonly string[]): Response {
  return rpcError(405, -32000, 'Method not allowed.', { allow: methods.join(', ') })
}
