import type { Auth, AuthInfo } from '@drawbridge/core'
import { unionScopes } from '@drawbridge/core/syntax'
import { boundedStream } from './bounded-stream.ts'
import type { Incoming } from './channel.ts'
import { exposed } from './cors.ts'
import { withContext } from './current.ts'
import type { Demands } from './demand.ts'
import type { Dispatchers, Place } from './dispatch.ts'
import { held } from './held-answer.ts'
import { requestIds, rpcError } from './json-rpc.ts'
import { operationsIn } from './operations.ts'
import type { Outgoing } from './outgoing.ts'
import type { PublicComponents } from './public.ts'
import { scopesOfChallenge } from './refusal.ts'
import type { Listed, Requirements } from './requirements.ts'
import { schemesOf } from './security-schemes.ts'
import { limitedStream } from './stream.ts'
import type { Timers } from './timers.ts'

/** Answers a message that was read, of somebody or of nobody, at one of the endpoint's addresses. */
export type Answer<User> = (
  request: Request,
  info: AuthInfo<User> | undefined,
  message: unknown,
  place: Place<User>,
) => Promise<Response>

interface Surroundings<User> {
  auth: Auth<User> | undefined
  required: Requirements<User>
  /** What is public, if anything is. */
  open: PublicComponents | undefined
  dispatchers: Dispatchers<User>
  demands: Demands<User>
  time: Timers
  /** How long a stream of who has no token lives. */
  streamSeconds: number
  keepAliveSeconds: number | undefined
}

/**
 * Decides what a message may do, has a server do it, and sees the answer off: with a challenge in its place when that was what
 * came of it, and a stream for as long as its token is good.
 */
export function answers<User>(surroundings: Surroundings<User>): Answer<User> {
  const { auth, required, open, dispatchers, time, streamSeconds, keepAliveSeconds } = surroundings
  const { demand } = surroundings.demands
  return answer

  async function answer(
    request: Request,
    info: AuthInfo<User> | undefined,
    message: unknown,
    place: Place<User>,
  ): Promise<Response> {
    // Clients of HTTP+SSE await no results here.
    const way = place.connections && 'http'
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
      outgoing: outgoingTo(info),
    }
    const began = time.now()
    const dispatcher = dispatchers.of(incoming, place)
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
        keepAliveSeconds,
        onCut: () => incoming.events?.cut(),
      },
      done,
    )
    return exposed(response, stream)
  }

  /** On its own, since a session keeps it: it must not hold the request that it came with. */
  function outgoingTo(info: AuthInfo<User> | undefined): Outgoing {
    const mayList = (listed: Listed) =>
      info ? required.mayList(listed, info) : (open?.mayList(listed) ?? true)
    const mayUse = (uri: string) =>
      info !== undefined && required.decide([{ kind: 'resource', uri, uses: true }], info).kind === 'allowed'
    return {
      differs: required.differs || open?.differs === true,
      mayList,
      mayHearOf: (uri) => mayList({ kind: 'resource', name: uri }) || mayUse(uri),
      isForSome: (name) =>
        required.has({ kind: 'resource', name }) || open?.has({ kind: 'resource', name }) === false,
      schemesOf: open && schemes,
    }
  }

  /** What the listing of a tool says. */
  function schemes(name: string): ReturnType<typeof schemesOf> {
    const scopes = required.scopesOf([{ kind: 'tool', name, args: undefined }])
    return schemesOf(open?.has({ kind: 'tool', name }) === true, scopes)
  }
}

/** What servers get to see: tools that pass a request's headers on must not pass the client's token on. */
function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers)
  for (const name of ['authorization', 'proxy-authorization', 'cookie']) headers.delete(name)
  return new Request(request.url, { method: request.method, headers, signal: request.signal })
}
