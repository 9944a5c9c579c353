import {
  type AuthInfo,
  NoUpstreamToken,
  type UpstreamToken,
  type UpstreamTokenOptions,
} from '@drawbridge/core'
import { missingScopes, requiredScopes, unionScopes } from '@drawbridge/core/syntax'
import type { Incoming } from './channel.ts'
import { incomingOf } from './current.ts'
import { notSignedIn, tooLittle } from './refusal.ts'

/**
 * Who the current request acts for, from inside a tool, resource or prompt handler. `undefined` where nobody signed in,
 * which `public` of `mcp()` has to allow. {@link requireAuth} is for handlers that need somebody.
 *
 * @throws {Error} outside a request.
 * @example
 * const name = getAuth<{ login: string }>()?.extra.user.login ?? 'stranger'
 */
export function getAuth<User = unknown>(): AuthInfo<User> | undefined {
  return authOf<User>(incomingOf('getAuth'))
}

/**
 * Who the current request acts for, from inside a handler. Where nobody signed in, or with too little scope, the request
 * ends here and is answered with the challenge (RFC 6750 3): clients sign in or step up, and repeat it. So call it before
 * the handler does or says anything. Once something was sent, or a second has passed, the error is all that is left to send.
 *
 * @param need.scopes what the rest of the handler takes, when that depends on more than its name
 * @param need.challenge how a tool asks, where not by an HTTP status
 * @throws {SignInRequired} to be left alone
 * @throws {Error} outside a request.
 * @example
 * const { scopes, extra } = requireAuth<{ login: string }>()
 * return `Hello ${extra.user.login}`
 * @example
 * if (amount > 100) requireAuth({ scopes: ['transfer:large'] })
 */
export function requireAuth<User = unknown>(need: Need = {}): AuthInfo<User> {
  return requiredAuth<User>(incomingOf('requireAuth'), need)
}

/** What {@link requireAuth} throws: the text reaches a client that can no longer be sent a challenge. */
class SignInRequired extends Error {
  constructor(scopes: readonly string[]) {
    super(scopes.length === 0 ? notSignedIn : tooLittle(scopes))
    this.name = 'SignInRequired'
  }
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
  return incomingOf('getRequest').request
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
  return upstreamToken(incomingOf('getUpstreamToken'), options)
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
export async function upstreamFetch(url: string | URL, init?: UpstreamRequestInit): Promise<Response> {
  return fetchAs(incomingOf('upstreamFetch'), url, init)
}

/**
 * The same helpers for the call that a handler was given, by the handler's last argument: `extra` in SDK v1, `ctx` in v2.
 * For runtimes without `AsyncLocalStorage`, and for code that prefers to be told.
 *
 * @throws {Error} for anything that is no such argument
 * @example
 * server.registerTool('whoami', {}, (extra) => {
 *   const { subject } = contextOf(extra).requireAuth().extra
 *   return { content: [{ type: 'text', text: subject }] }
 * })
 */
export function contextOf(extra: object): CallContext {
  const incoming = incomingOf('contextOf', { of: extra })
  return {
    getAuth: () => authOf(incoming),
    requireAuth: (need = {}) => requiredAuth(incoming, need),
    getRequest: () => incoming.request,
    getUpstreamToken: (options) => upstreamToken(incoming, options),
    upstreamFetch: (url, init) => fetchAs(incoming, url, init),
  }
}

/** What {@link contextOf} gives: each as the function of that name. */
export interface CallContext {
  getAuth<User = unknown>(): AuthInfo<User> | undefined
  requireAuth<User = unknown>(need?: Need): AuthInfo<User>
  getRequest(): Request
  getUpstreamToken(options?: UpstreamTokenOptions): Promise<UpstreamToken>
  upstreamFetch(url: string | URL, init?: UpstreamRequestInit): Promise<Response>
}

/** What {@link requireAuth} asks for. */
export interface Need {
  scopes?: readonly string[]
  /** How a call of a tool is answered that falls short: `result` is for ChatGPT. Default: `public.challenge` of `mcp()`. */
  challenge?: 'http' | 'result'
}

/** What {@link upstreamFetch} takes beside the URL. */
export type UpstreamRequestInit = RequestInit & Pick<UpstreamTokenOptions, 'scopes'>

function authOf<User>({ auth }: Incoming): AuthInfo<User> | undefined {
  return auth as AuthInfo<User> | undefined
}

function requiredAuth<User>(incoming: Incoming, need: Need): AuthInfo<User> {
  const { auth } = incoming
  const scopes = requiredScopes('requireAuth.scopes', need.scopes)
  if (auth && missingScopes(scopes, auth.scopes).length === 0) return auth as AuthInfo<User>
  incoming.wanted = { ...need, scopes: unionScopes(incoming.wanted?.scopes, scopes) }
  throw new SignInRequired(auth ? missingScopes(scopes, auth.scopes) : [])
}

async function upstreamToken(
  { gate, auth }: Incoming,
  options: UpstreamTokenOptions | undefined,
): Promise<UpstreamToken> {
  if (!gate || !auth) {
    throw new NoUpstreamToken(
      'getUpstreamToken: nobody is signed in. Call requireAuth() first, or leave what needs the token out of `public`.',
    )
  }
  if (!gate.upstreamToken) {
    throw new NoUpstreamToken(
      "getUpstreamToken: the `auth` given to mcp() only checks tokens and never sees the identity provider's. Use oauthServer or oauthProxy, which sign users in themselves and keep the provider's tokens.",
    )
  }
  return gate.upstreamToken(auth, options)
}

async function fetchAs(
  incoming: Incoming,
  url: string | URL,
  { scopes, ...init }: UpstreamRequestInit = {},
): Promise<Response> {
  const send = ({ access_token }: UpstreamToken) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${access_token}`)
    if (!headers.has('user-agent')) headers.set('user-agent', 'drawbridge')
    return fetch(url, { ...init, headers })
  }
  const token = await upstreamToken(incoming, { scopes })
  const response = await send(token)
  if (response.status !== 401 || init.body instanceof ReadableStream) return response
  const next = await upstreamToken(incoming, { scopes, rejected: token.access_token }).catch(() => undefined)
  if (!next) return response
  await response.body?.cancel()
  return send(next)
}
