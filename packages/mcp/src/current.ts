import { ConfigurationError } from '@drawbridge/core'
import { asyncContext } from '@drawbridge/mcp/async-context'
import type { Incoming } from './channel.ts'

const storage = asyncContext<Incoming>()

/**
 * For what many requests share a server in: only work that knows its request by itself says whose answer is whose.
 *
 * @throws {ConfigurationError} on a runtime that cannot follow work
 */
export function checkFollowing(option: string): void {
  if (storage) return
  throw new ConfigurationError(
    option,
    'takes AsyncLocalStorage, which this runtime does not have: nobody could tell whose request a server answers',
    'Leave it out; on Workers, add `nodejs_compat` to `compatibility_flags`.',
  )
}

/** By what the SDK hands from a transport to a handler: `requestInfo` in v1, the `Request` in v2. */
const byHandler = new WeakMap<object, Incoming>()

/**
 * Runs `work` with its own request: parallel requests do not see each other's, sessions see each request's. On a runtime
 * that cannot follow work it only runs.
 */
export function withContext<T>(incoming: Incoming, work: () => T): T {
  return storage ? storage.run(incoming, work) : work()
}

/** The request on whose behalf the calling code runs, if any, and if the runtime can tell. */
export function currentIncoming(): Incoming | undefined {
  return storage?.getStore()
}

/** Lets {@link contextOf} find a request by what a message is handled with. */
export function linkHandler(extra: unknown, incoming: Incoming | undefined): void {
  const { requestInfo, request } = Object(extra) as HandlerExtra
  for (const key of [handlerKey(extra), requestInfo, request])
    if (key && incoming) byHandler.set(key, incoming)
}

function handlerKey(extra: unknown): object | undefined {
  const { requestInfo, request, http } = Object(extra) as HandlerExtra
  return requestInfo ?? request ?? http?.req
}

/** What of a handler's or a transport's second argument is one object for each request. */
interface HandlerExtra {
  requestInfo?: object
  request?: object
  http?: { req?: object }
}

/**
 * The request that a helper is called for: of `extra` where that is given, else of the running code.
 *
 * @throws {Error} where there is none
 */
export function incomingOf(caller: string, extra?: { of: unknown }): Incoming {
  if (extra) {
    const key = handlerKey(extra.of)
    const incoming = key && byHandler.get(key)
    if (incoming) return incoming
    throw new Error(
      `${caller}() was given something else than the last argument of a tool, resource or prompt handler of mcp(): \`extra\` of SDK v1, \`ctx\` of v2. Pass that object on as it is.`,
    )
  }
  const incoming = currentIncoming()
  if (incoming) return incoming
  if (!storage) {
    throw new Error(
      `${caller}() cannot tell whose call this is: this runtime has no AsyncLocalStorage. On Workers, add \`nodejs_compat\` to \`compatibility_flags\`; elsewhere write contextOf(extra).${caller}() with the last argument of your handler.`,
    )
  }
  throw new Error(
    `${caller}() was called outside an MCP request. Call it inside a tool, resource or prompt handler, or in the \`server\` function of mcp(); not while the module loads.`,
  )
}
