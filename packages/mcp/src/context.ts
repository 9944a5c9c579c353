import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Auth,
  type AuthInfo,
  NoUpstreamToken,
  type UpstreamToken,
  type UpstreamTokenOptions,
} from '@drawbridge/core'
import type { Incoming } from './channel.ts'

interface Context {
  gate: Auth
  incoming: Incoming
}

const storage = new AsyncLocalStorage<Context>()

/** Runs `work` with its own request: parallel requests do not see each other's, sessions see each request's. */
export function withContext<T>(context: Context, work: () => T): T {
  return storage.run(context, work)
}

/** The request on whose behalf the calling code runs, if any. */
export function currentIncoming(): Incoming | undefined {
  return storage.getStore()?.incoming
}

/**
 * Who the current request acts for, from inside a tool, resource or prompt handler.
 *
 * @throws {Error} outside a request.
 * @example
 * const { scopes, extra } = getAuth<{ login: string }>()
 * return `Hello ${extra.user.login}`
 */
export function getAuth<User = unknown>(): AuthInfo<User> {
  return current('getAuth').incoming.auth as AuthInfo<User>
}

/**
 * The current HTTP request, from inside a handler: method, URL and headers. The body is in the handler's arguments;
 * `authorization`, `proxy-authorization` and `cookie` are left out, so that passing the headers on leaks nothing.
 *
 * @throws {Error} outside a request.
 * @example
 * const language = getRequest().headers.get('accept-language')
 */
export function getRequest(): Request {
  return current('getRequest').incoming.request
}

/**
 * The identity provider's own access token for the current user, refreshed when it must be, for a tool that calls the
 * provider. It stays on the server; never return it from a tool. {@link upstreamFetch} does the usual with it.
 *
 * @param options.scopes what it must hold: where the sign-in brought less, the provider is asked for another token, if it
 *   has such a way
 * @param options.rejected a token obtained earlier that the provider has answered with 401
 * @throws {Error} outside a request.
 * @throws {NoUpstreamToken} when there is none: the token was issued elsewhere, upstream tokens are not kept, or none
 *   holds the scopes.
 * @throws {UpstreamEnded} when the provider ended the user's authorization.
 * @throws {Unavailable} when the provider or the store is out.
 * @example
 * const { access_token } = await getUpstreamToken()
 * const octokit = new Octokit({ auth: access_token })
 * @example
 * const { access_token } = await getUpstreamToken({ scopes: ['https://graph.microsoft.com/Mail.Send'] })
 */
export async function getUpstreamToken(options?: UpstreamTokenOptions): Promise<UpstreamToken> {
  const { gate, incoming } = current('getUpstreamToken')
  if (!gate.upstreamToken) {
    throw new NoUpstreamToken(
      "getUpstreamToken: the `auth` given to mcp() only checks tokens and never sees the identity provider's. Use oauthServer or oauthProxy, which sign users in themselves and keep the provider's tokens.",
    )
  }
  return gate.upstreamToken(incoming.auth, options)
}

/**
 * `fetch` as the current user, with the provider's access token. When the provider answers 401, a newer token is
 * looked for or asked for, and the request is sent once more.
 *
 * Only for the provider's own API: whoever is called learns the token.
 *
 * @param init as for `fetch`, and the `scopes` that the token must hold; a body that is a stream cannot be sent twice, so
 *   its 401 is returned as it is.
 * @throws what {@link getUpstreamToken} throws, and what `fetch` throws.
 * @example
 * const response = await upstreamFetch('https://api.github.com/user')
 */
export async function upstreamFetch(
  url: string | URL,
  { scopes, ...init }: RequestInit & Pick<UpstreamTokenOptions, 'scopes'> = {},
): Promise<Response> {
  const send = ({ access_token }: UpstreamToken) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${access_token}`)
    if (!headers.has('user-agent')) headers.set('user-agent', 'drawbridge')
    return fetch(url, { ...init, headers })
  }
  const token = await getUpstreamToken({ scopes })
  const response = await send(token)
  if (response.status !== 401 || init.body instanceof ReadableStream) return response
  const next = await getUpstreamToken({ scopes, rejected: token.access_token }).catch(() => undefined)
  if (!next) return response
  await response.body?.cancel()
  return send(next)
}

function current(caller: string): Context {
  const context = storage.getStore()
  if (!context) {
    throw new Error(
      `${caller}() was called outside an MCP request. Call it inside a tool, resource or prompt handler, or in the \`server\` function of mcp(); not while the module loads.`,
    )
  }
  return context
}
