import { type Auth, type AuthInfo, environment, type Marker, marker } from '@drawbridge/core'
import type { Incoming } from './channel.ts'
import { isObject, messagesIn, rpcError } from './json-rpc.ts'
import { principalOf } from './principal.ts'

/** Options of `mcp()` about the `requestState` of the protocol of 2026-07-28. */
export interface RequestStateOptions {
  /**
   * Marks what the server gives a client to keep (`requestState`), so that it comes back from nobody else. Default: that of
   * `auth`; where it has none, DRAWBRIDGE_SECRET; else one of this process, which other instances refuse. The output of
   * `openssl rand -base64 32`; of several, the first marks and all are known.
   */
  secret?: string | readonly string[] | undefined
  /** For how long a `requestState` is good: a person may have to answer first. Default 3600. */
  requestStateSeconds?: number | undefined
}

/** Gives states to principals, and takes each back from the same one only. */
export interface RequestStates {
  /** A request as the server may have it, its states as it gave them; or the refusal of one that is not the caller's. */
  opened(incoming: Incoming): { message: unknown; refused?: undefined } | { refused: Response }
  /** A message of the server, on its way to the caller of this request. */
  marked(message: object, to: Incoming): object
}

/** UTF-16 units. Clients may carry a conversation in it, and what is marked is hashed in one go. */
const longest = 256 * 1024
/** What stands before it: seconds, the secret's id, the mark. */
const longestMark = 100

const wrong = 'was not given to you for this call, or was changed'

/**
 * What a server gives a client to keep comes back as whatever somebody sends (2026-07-28, basic/patterns/mrtr), and the SDK
 * looks at none of it. So it leaves with a mark over its principal, the call it belongs to and the time, and comes in only
 * with that. A server's own protection is within, and stays as it is.
 *
 * Hides nothing: a state is the client's to read.
 *
 * @throws {ConfigurationError} for a `secret` that is none
 */
export function requestStates(
  { secret, requestStateSeconds = 3600 }: RequestStateOptions,
  {
    auth,
    now,
    onNotice,
    onError,
  }: {
    auth: Pick<Auth, 'resource' | 'marker'>
    /** Milliseconds since the Unix epoch. */
    now: () => number
    onNotice: (text: string) => void
    onError: (error: unknown) => void
  },
): RequestStates {
  const named = secret === undefined ? undefined : marker(secret)
  let other: Marker | undefined

  return {
    opened({ message, auth: caller }) {
      const seen: unknown[] = []
      for (const one of Array.isArray(message) ? message : [message]) {
        if (!isObject(one) || !hasState(one)) {
          seen.push(one)
          continue
        }
        const state = stateIn(one, caller)
        if ('refusal' in state) return { refused: refusal(state.refusal) }
        seen.push({ ...one, params: { ...one.params, requestState: state.text } })
      }
      return { message: Array.isArray(message) ? seen : seen[0] }
    },

    marked(message: object, to: Incoming): object {
      const { id, result } = message as { id?: unknown; result?: unknown }
      if (!isObject(result) || typeof result.requestState !== 'string') return message
      const request = messagesIn(to.message).find((one) => one.id === id)
      if (!request) return message
      const { requestState: text } = result
      if (text.length > longest) {
        const what = `a requestState of ${text.length} characters; ${longest} are the most`
        onError(
          new Error(`mcp(): the server answered with ${what}. Keep the data, and give the client its key.`),
        )
        const { result: _, ...addressed } = message as { result?: unknown }
        return {
          ...addressed,
          error: { code: -32603, message: `Internal error: ${what}` },
        }
      }
      const since = Math.floor(now() / 1000).toString(36)
      const mark = marks().mark(purpose, markedText(request, to.auth, since, text))
      return { ...message, result: { ...result, requestState: `${since}.${mark}.${text}` } }
    },
  }

  function stateIn(request: Request, caller: AuthInfo | undefined): { text: string } | { refusal: string } {
    const given = request.params.requestState
    if (typeof given !== 'string' || given.length > longest + longestMark) return { refusal: wrong }
    const [, since = '', mark = '', text = ''] =
      /^([0-9a-z]{1,9})\.([\w-]+\.[\w-]+)\.(.*)$/s.exec(given) ?? []
    if (!marks().isMarked(purpose, markedText(request, caller, since, text), mark)) return { refusal: wrong }
    const age = now() / 1000 - Number.parseInt(since, 36)
    return age < requestStateSeconds + 1 ? { text } : { refusal: 'is too old' }
  }

  function markedText(
    { method, params }: { method?: unknown; params?: unknown },
    caller: AuthInfo | undefined,
    since: string,
    text: string,
  ): string {
    // Both: the one that a method does not read could be set to whatever it was before.
    const { name = null, uri = null } = isObject(params) ? params : {}
    return JSON.stringify([auth.resource, principalOf(caller), method, name, uri, since, text])
  }

  /** Asked when it is needed, since a decorated `auth` may have its members late, and some runtimes make no random keys at start. */
  function marks(): Marker {
    const ours = named ?? auth.marker ?? other
    if (ours) return ours
    const shared = environment('DRAWBRIDGE_SECRET')
    if (shared === undefined) {
      onNotice(
        'mcp(): the server gave a client a `requestState`, and `auth` has no secret to mark it with. The key is of this process: another instance will refuse what this one gave, and so will this one after a restart. Pass `secret` to mcp(), or set DRAWBRIDGE_SECRET, the same on every instance.',
      )
    }
    other = marker(shared ?? randomSecret())
    return other
  }
}

const purpose = 'mcp requestState'

interface Request {
  method: string
  params: Readonly<Record<string, unknown>>
}

/** A notification may have a member of that name for itself; the SDK leaves it alone, too. */
function hasState(message: object): message is Request {
  const { id, method, params } = message as { id?: unknown; method?: unknown; params?: unknown }
  return (
    id !== undefined && typeof method === 'string' && isObject(params) && params.requestState !== undefined
  )
}

function refusal(what: string): Response {
  return rpcError(
    400,
    -32602,
    `Invalid params: this \`requestState\` ${what}. Make the call anew, without \`requestState\` and \`inputResponses\`.`,
    {},
    { reason: 'invalid_request_state' },
  )
}

function randomSecret(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
}
