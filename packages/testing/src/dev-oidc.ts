import { generateKeyPairSync } from 'node:crypto'
import { type Clock, systemClock } from '@drawbridge/core/provider'
import { basicCredentials } from './dev-github/state.ts'
import { authorize } from './dev-oidc/authorize.ts'
import { discovery, jwks } from './dev-oidc/documents.ts'
import type { DevOidcApp, DevOidcUser, OidcState, OidcSwitches } from './dev-oidc/state.ts'
import { type DevOidcTokens, issue, revoke, token, userinfo } from './dev-oidc/tokens.ts'
import { type Listener, listen } from './listen.ts'

export type { DevOidcApp, DevOidcUser, OidcSwitches } from './dev-oidc/state.ts'
export type { DevOidcTokens } from './dev-oidc/tokens.ts'

export interface DevOidcOptions extends OidcSwitches {
  /** Who can sign in. Default: `ada` and `grace`. */
  users?: readonly DevOidcUser[] | undefined
  /** Registered apps. Default: `dev-client` with the secret `dev-secret`. */
  apps?: readonly DevOidcApp[] | undefined
  clock?: Clock | undefined
}

export interface DevOidc {
  /** Answers one request, without a network. Its issuer is the origin of the request. */
  fetch(request: Request): Promise<Response>
  /** Puts the provider on a port of the loopback interface. Default: any free one. */
  listen(port?: number): Promise<Listener>
  /** Live: a change shows in the next id_token and at userinfo. */
  readonly users: DevOidcUser[]
  /** Everything that was asked, oldest first: query and form parameters together. */
  readonly requests: { method: string; path: string; parameters: Record<string, string> }[]
  /**
   * Tokens for a user without a browser, as though they had signed in with these scopes, `openid` by default. The switches
   * `answer` and `callback` have no part in it. `origin` is the issuer's, by default where the provider listens.
   */
  issue(
    sub: string,
    options?: { scopes?: readonly string[]; clientId?: string; origin?: string },
  ): DevOidcTokens
  /** Whether this access token would be taken now. */
  works(access_token: string): boolean
  /** What somebody does in their account settings: ends all apps' access, and what they consented to. */
  revokeUser(sub: string): void
}

/**
 * An OpenID provider: discovery, JWKS, code with PKCE, refresh, userinfo, revocation (RFC 7009). Out of the box it does
 * what the specifications say; its switches make it as different as real ones are. It asks for no password.
 *
 * @throws TypeError from `issue` for a user or a client id that is not configured, and when it knows no origin
 * @example
 * ```ts
 * const provider = devOidc({ refreshTokens: 'on consent', revocation: 'user' }) // as Google is
 * const fetch = network({ 'https://login.test': provider.fetch })
 * const settings = { issuer: 'https://login.test', clientId: 'dev-client', clientSecret: 'dev-secret' }
 * ```
 */
export function devOidc(options: DevOidcOptions = {}): DevOidc {
  const { users, apps, clock = systemClock, ...switches } = options
  const state: OidcState = {
    ...switches,
    clock,
    users: (users ?? DEFAULT_USERS).map((user) => ({ ...user })),
    apps: apps ?? [{ clientId: 'dev-client', clientSecret: 'dev-secret' }],
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    codes: new Map(),
    sessions: [],
    consented: new Set(),
    visited: new Set(),
  }
  const requests: DevOidc['requests'] = []
  let listens: string | undefined

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const body = new URLSearchParams(await request.text())
    const parameters = new URLSearchParams([...searchParams, ...body])
    requests.push({ method: request.method, path: pathname, parameters: Object.fromEntries(parameters) })
    if (pathname === '/authorize') return authorize(state, request, body)
    if (pathname === '/jwks') return jwks(state)
    if (pathname === '/userinfo' && state.userinfo !== false) return userinfo(state, request)
    if (pathname.startsWith('/.well-known/') && state.discovery !== false) return discovery(state, request)
    if (request.method !== 'POST') return new Response(null, { status: 404 })
    const basic = basicCredentials(request)
    const app = state.apps.find(({ clientId }) => clientId === (basic?.id ?? body.get('client_id')))
    const presented = basic?.secret ?? body.get('client_secret') ?? body.get('client_assertion')
    if (!app || presented !== app.clientSecret) {
      return Response.json({ error: 'invalid_client' }, { status: 401 })
    }
    if (pathname === '/token') return token(state, request, app, body)
    if (pathname === '/revoke' && state.revocation !== 'none') return revoke(state, app, body)
    return new Response(null, { status: 404 })
  }

  return {
    fetch: answer,
    async listen(port) {
      const listener = await listen(answer, port)
      listens = listener.url
      return listener
    },
    users: state.users,
    requests,
    issue(sub, { scopes = ['openid'], clientId = state.apps[0]?.clientId, origin = listens } = {}) {
      const app = state.apps.find((each) => each.clientId === clientId)
      if (!app) throw new TypeError(`devOidc has no app "${clientId}".`)
      const user = state.users.find((each) => each.sub === sub)
      if (!user) throw new TypeError(`devOidc has no user "${sub}".`)
      if (origin === undefined) {
        throw new TypeError(
          "devOidc listens nowhere: pass `origin`, such as 'https://login.test', or listen().",
        )
      }
      return issue(state, origin, app, user, scopes)
    },
    works: (access_token) =>
      state.sessions.some((each) => each.access_token === access_token && each.expires > clock.now()),
    revokeUser(sub) {
      state.sessions = state.sessions.filter((each) => each.sub !== sub)
      for (const { clientId } of state.apps) state.consented.delete(`${clientId}/${sub}`)
    },
  }
}

const DEFAULT_USERS: readonly DevOidcUser[] = [
  { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true },
  { sub: 'grace', name: 'Grace Hopper', email: 'grace@example.com', email_verified: true },
]
