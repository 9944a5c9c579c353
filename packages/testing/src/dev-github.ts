import { type Clock, systemClock } from '@drawbridge/core/provider'
import { accessToken } from './dev-github/access-token.ts'
import { api } from './dev-github/api.ts'
import { authorize } from './dev-github/authorize.ts'
import { normalise } from './dev-github/scopes.ts'
import {
  authorizationKey,
  type DevGitHubApp,
  type DevGitHubUser,
  type KnownUser,
  type State,
} from './dev-github/state.ts'
import { type TokenAnswer, tokenBook } from './dev-github/tokens.ts'
import { type Listener, listen } from './listen.ts'

export type { DevGitHubApp, DevGitHubUser, Membership } from './dev-github/state.ts'
export type { AppMode, TokenAnswer } from './dev-github/tokens.ts'

export interface DevGitHubOptions {
  /** Who can sign in. Default: `octocat`, in the organization `acme`, and `hubot`, in none. */
  users?: readonly DevGitHubUser[] | undefined
  /** Registered apps. Default: one OAuth app, `dev-client` with the secret `dev-secret`. */
  apps?: readonly DevGitHubApp[] | undefined
  /**
   * Like GitHub, send a signed-in browser straight back when its user has approved this app and these scopes before.
   * Default false: always show the page.
   */
  skipAuthorized?: boolean | undefined
  /**
   * How many tokens a user has of one app with the same scopes; one more ends the oldest. Default 10, as at GitHub. `1`:
   * each sign-in ends the one before. `Number.POSITIVE_INFINITY`: sign-ins do not know of each other.
   */
  tokensPerUser?: number | undefined
  /**
   * What an app ends when it ends a token: that one, as at GitHub and by default; all that this user has of the app; or
   * nothing, while saying that it is done.
   */
  revocation?: 'token' | 'user' | 'none' | undefined
  clock?: Clock | undefined
}

/**
 * - `503`: answers, but not usefully.
 * - `rate-limit`: 403 with GitHub's rate-limit headers.
 * - `reset`: the connection breaks.
 * - `hang`: no answer; the connection breaks when the outage ends.
 */
export type Outage = 'none' | '503' | 'rate-limit' | 'reset' | 'hang'

export interface RecordedRequest {
  method: string
  /** As it was requested: with the `/api/v3` of an Enterprise host, if any. */
  path: string
  /** Query, form and JSON parameters together. */
  parameters: Record<string, string>
  /** The Authorization header. */
  authorization: string | undefined
}

export interface DevGitHub {
  /** Answers one request, without a network. */
  fetch(request: Request): Promise<Response>
  /** Puts the provider on a port of the loopback interface. Default: any free one. */
  listen(port?: number): Promise<Listener>
  /** Live: renaming somebody or changing a membership takes effect at once. */
  readonly users: DevGitHubUser[]
  /** Everything that was asked, oldest first. */
  readonly requests: RecordedRequest[]
  /** Tokens for a user without a browser, as though they had signed in. Counts towards GitHub's ten. */
  issue(login: string, options?: { clientId?: string; scopes?: readonly string[] }): TokenAnswer
  /** What a user does in GitHub's settings: ends all apps' access, refresh tokens included. */
  revokeUser(login: string): void
  /** Every access token issued so far has expired. Refresh tokens have not. */
  expireTokens(): void
  /** Breaks the provider, or only its OAuth endpoints or its API, until `outage('none')`. */
  outage(mode: Outage, where?: 'everything' | 'oauth' | 'api'): void
}

/**
 * An identity provider that looks like GitHub from the outside: its sign-in, its token endpoint with its odd errors,
 * and the part of its API that tells who somebody is. For development and tests; it asks for no password.
 *
 * @throws TypeError from `issue` and `revokeUser` for a login or a client id that is not configured.
 * @example
 * ```ts
 * const provider = devGitHub({ users: [{ login: 'octocat', organizations: { acme: 'active' } }] })
 * const { url, close } = await provider.listen()
 * const settings = { clientId: 'dev-client', clientSecret: 'dev-secret', host: url }
 * ```
 */
export function devGitHub(options: DevGitHubOptions = {}): DevGitHub {
  const clock = options.clock ?? systemClock
  const state: State = {
    clock,
    skipAuthorized: options.skipAuthorized ?? false,
    apps: options.apps ?? [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'Development app' }],
    users: (options.users ?? DEFAULT_USERS).map((user, index) => ({ ...user, id: user.id ?? 1001 + index })),
    codes: new Map(),
    sessions: new Map(),
    authorizations: new Map(),
    tokens: tokenBook(clock, options.tokensPerUser ?? 10),
    revocation: options.revocation ?? 'token',
  }
  const requests: RecordedRequest[] = []
  let outage: { mode: Outage; where: string } = { mode: 'none', where: 'everything' }
  let endOutage = () => {}

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const body = await bodyParameters(request)
    const parameters = new URLSearchParams([...searchParams, ...body])
    requests.push({
      method: request.method,
      path: pathname,
      parameters: Object.fromEntries(parameters),
      authorization: request.headers.get('authorization') ?? undefined,
    })

    const where = pathname.startsWith('/login/') ? 'oauth' : 'api'
    if (outage.mode !== 'none' && (outage.where === 'everything' || outage.where === where)) {
      return broken(outage.mode, request.signal)
    }
    if (pathname === '/login/oauth/authorize') return authorize(state, request, body)
    if (pathname === '/login/oauth/access_token' && request.method === 'POST') {
      return accessToken(state, request, parameters)
    }
    return api(state, request, pathname.replace(/^\/api\/v3(?=\/)/, ''), body)
  }

  async function broken(mode: Exclude<Outage, 'none'>, signal: AbortSignal): Promise<Response> {
    if (mode === '503') return new Response('<h1>Unicorn!</h1>', { status: 503 })
    if (mode === 'rate-limit') {
      const headers = { 'x-ratelimit-remaining': '0', 'retry-after': '60' }
      return Response.json({ message: 'API rate limit exceeded' }, { status: 403, headers })
    }
    if (mode === 'hang') {
      await new Promise<void>((resolve) => {
        const before = endOutage
        endOutage = () => {
          before()
          resolve()
        }
        signal.addEventListener('abort', () => resolve())
      })
    }
    throw new TypeError('fetch failed: the connection was reset')
  }

  const named = (login: string): KnownUser => {
    const user = state.users.find((each) => each.login === login)
    if (!user) throw new TypeError(`devGitHub has no user "${login}".`)
    return user
  }

  return {
    fetch: answer,
    listen: (port) => listen(answer, port),
    users: state.users,
    requests,
    issue(login, { clientId = state.apps[0]?.clientId, scopes = ['read:user'] } = {}) {
      const app = state.apps.find((each) => each.clientId === clientId)
      if (!app) throw new TypeError(`devGitHub has no app "${clientId}".`)
      const granted = normalise(scopes.join(' '))
      return state.tokens.issue(app.clientId, app.mode ?? 'oauth-app', named(login).id, granted)
    },
    revokeUser(login) {
      const { id } = named(login)
      state.tokens.end(({ user }) => user === id)
      for (const { clientId } of state.apps) state.authorizations.delete(authorizationKey(clientId, id))
    },
    expireTokens: () => state.tokens.expireAll(),
    outage(mode, where = 'everything') {
      outage = { mode, where }
      endOutage()
      endOutage = () => {}
    },
  }
}

const DEFAULT_USERS: readonly DevGitHubUser[] = [
  { login: 'octocat', name: 'Mona Lisa', email: 'mona@example.com', organizations: { acme: 'active' } },
  { login: 'hubot', name: 'Hubot', email: 'hubot@example.com' },
]

async function bodyParameters(request: Request): Promise<URLSearchParams> {
  const text = await request.text()
  if (!request.headers.get('content-type')?.includes('json')) return new URLSearchParams(text)
  try {
    const json: unknown = JSON.parse(text)
    return new URLSearchParams(
      Object.entries(json ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    )
  } catch {
    return new URLSearchParams()
  }
}
