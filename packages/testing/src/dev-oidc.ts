import { type Clock, systemClock } from '@drawbridge/core/provider'
import { authorize } from './dev-oidc/authorize.ts'
import { clientOf, register } from './dev-oidc/clients.ts'
import { discovery, jwks } from './dev-oidc/documents.ts'
import { bearerOf, introspect, revoke, userinfo } from './dev-oidc/resources.ts'
import { endpointAt } from './dev-oidc/routes.ts'
import type { DevOidcTokens } from './dev-oidc/sessions.ts'
import { signingKey } from './dev-oidc/signing.ts'
import { faulty, liveGrant, type OidcState } from './dev-oidc/state.ts'
import type { DevOidcApp, DevOidcUser, OidcEndpoint, OidcSwitches } from './dev-oidc/switches.ts'
import { issue, token } from './dev-oidc/tokens.ts'
import { type Listener, listen } from './listen.ts'

export type { DevOidcTokens } from './dev-oidc/sessions.ts'
export type {
  DevOidcApp,
  DevOidcUser,
  OidcAsk,
  OidcEndpoint,
  OidcFault,
  OidcGrant,
  OidcRefusal,
  OidcSwitches,
} from './dev-oidc/switches.ts'

export interface DevOidcOptions extends OidcSwitches {
  /** Who can sign in. Default: `ada` and `grace`. */
  users?: readonly DevOidcUser[] | undefined
  /** Registered apps. Default: `dev-client` with the secret `dev-secret`. */
  apps?: readonly DevOidcApp[] | undefined
  /** What `issue` asks for. Default `openid`. */
  defaultScopes?: readonly string[] | undefined
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
  readonly requests: {
    method: string
    path: string
    /** `undefined`: a path that is none of them. */
    endpoint: OidcEndpoint | undefined
    parameters: Record<string, string>
  }[]
  /**
   * Tokens for a user without a browser, as though they had signed in with these scopes, by default `defaultScopes`. The
   * switches `answer`, `callback` and `refuses` have no part in it. `origin` is the issuer's, by default where the provider
   * listens.
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
 * what the specifications say; its switches make it as different as real ones are. It asks for no password, and everybody for
 * a button, but for `prompt=none`: then whoever signed in last in this browser is let in, or nobody is.
 *
 * @throws TypeError from `issue` for a user or a client id that is not configured, and when it knows no origin
 * @example
 * ```ts
 * const provider = devOidc({ refreshTokens: 'on consent', rotation: false })
 * const fetch = network({ 'https://login.test': provider.fetch })
 * const settings = { issuer: 'https://login.test', clientId: 'dev-client', clientSecret: 'dev-secret' }
 * ```
 */
export function devOidc(options: DevOidcOptions = {}): DevOidc {
  const { users, apps, defaultScopes = ['openid'], clock = systemClock, ...switches } = options
  const state: OidcState = {
    ...switches,
    clock,
    users: (users ?? DEFAULT_USERS).map((user) => ({ ...user })),
    apps: [...(apps ?? [{ clientId: 'dev-client', clientSecret: 'dev-secret' }])],
    key: signingKey(switches.algorithm),
    codes: new Map(),
    sessions: [],
    consented: new Set(),
    approved: new Set(),
    browsers: new Map(),
    visited: new Set(),
  }
  const requests: DevOidc['requests'] = []
  let listens: string | undefined

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const { method } = request
    const body = await request.text()
    const form = new URLSearchParams(body)
    const parameters = Object.fromEntries([...searchParams, ...form])
    const found = endpointAt(state, pathname)
    requests.push({ method, path: pathname, endpoint: found?.endpoint, parameters })
    const grantOf = liveGrant.bind(undefined, state)
    const bearer = bearerOf(request)
    const none = new Response(null, { status: 404 })
    if (!found) return state.further?.({ method, path: pathname, parameters, bearer }, grantOf) ?? none
    return (
      (await state.instead?.({ endpoint: found.endpoint, parameters })) ??
      answerAt(state, found, { request, body, form })
    )
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
    issue(sub, { scopes = defaultScopes, clientId = state.apps[0]?.clientId, origin = listens } = {}) {
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
    works: (access_token) => liveGrant(state, access_token) !== undefined,
    revokeUser(sub) {
      state.sessions = state.sessions.filter((each) => each.sub !== sub)
      for (const { clientId } of state.apps) {
        for (const kept of [state.consented, state.approved]) kept.delete(`${clientId}/${sub}`)
      }
    },
  }
}

function answerAt(
  state: OidcState,
  { endpoint, tenant }: { endpoint: OidcEndpoint; tenant: string | undefined },
  { request, body, form }: { request: Request; body: string; form: URLSearchParams },
): Response {
  const { origin } = new URL(request.url)
  if (endpoint === 'discovery') return discovery(state, origin, tenant)
  if (endpoint === 'jwks') return jwks(state)
  if (endpoint === 'authorization') return authorize(state, request, form, tenant)
  if (endpoint === 'userinfo') return userinfo(state, request)
  if (request.method !== 'POST') return new Response(null, { status: 405 })
  if (endpoint === 'registration') return register(state, body)
  const app = clientOf(state, request, form)
  if (!app && !(endpoint === 'revocation' && state.revocation === 'user')) return faulty(state, 'client')
  const presented = form.get('token') ?? ''
  if (endpoint === 'revocation') return revoke(state, app, presented)
  if (!app) return faulty(state, 'client')
  if (endpoint === 'introspection') return introspect(state, origin, presented)
  return token({ state, origin, tenant, app, form })
}

const DEFAULT_USERS: readonly DevOidcUser[] = [
  { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true },
  { sub: 'grace', name: 'Grace Hopper', email: 'grace@example.com', email_verified: true },
]
