import { type DrawbridgeEvent, memory, oauthServer, type ScopeOptions, type Storage } from '@drawbridge/core'
import { type OAuthProvider, openIdConnect, type Provider } from '@drawbridge/core/provider'
import { google } from '@drawbridge/google'
import {
  browser,
  type DevOidcOptions,
  devOidc,
  type FakeClock,
  fakeClock,
  network,
  oauthClient,
} from '@drawbridge/testing'
import { issuer, resource, secret } from './world.ts'

export const upstream = 'https://login.test'

/** An OpenID provider as it comes. */
export const plainProvider = () =>
  openIdConnect({
    id: 'login',
    label: 'Login',
    issuer: upstream,
    clientId: 'dev-client',
    clientSecret: 'dev-secret',
    prompts: ['login', 'select_account', 'none'],
  })

/** A server at which people sign in with this provider, and what its functions were given. */
export function oidcWorld(
  given: {
    provider?: OAuthProvider
    truth?: DevOidcOptions
    scopes?: ScopeOptions | readonly string[]
    storage?: Storage
    clock?: FakeClock
    consent?: 'remember'
    /** Beside it. */
    others?: readonly Provider[]
  } = {},
) {
  const clock = given.clock ?? fakeClock()
  const events: DrawbridgeEvent[] = []
  const dev = devOidc({ clock, ...given.truth })
  const headers: Headers[] = []
  const fetch = network({
    [upstream]: (request) => {
      headers.push(request.headers)
      return dev.fetch(request)
    },
    [issuer]: async (request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    },
  })
  const auth = oauthServer({
    issuer,
    secret,
    clock,
    fetch,
    storage: given.storage ?? memory({ clock }),
    onEvent: (event) => events.push(event),
    log: false,
    providers: [given.provider ?? plainProvider(), ...(given.others ?? [])],
    consent: given.consent,
    scopes: given.scopes ?? ['notes'],
  })
  /** Ada, with a new installation of a client that asks for this. */
  const install = async (parameters: Record<string, string> = {}) => {
    const app = oauthClient({ mcpUrl: resource, fetch })
    const tokens = await app.login(browser({ fetch, clock }), { user: 'ada', parameters })
    return { app, tokens }
  }
  /** What the provider was asked when browsers came. */
  const authorizations = () =>
    dev.requests
      .filter(({ method, path }) => method === 'GET' && path === '/authorize')
      .map(({ parameters }) => parameters)
  return { auth, authorizations, clock, dev, events, fetch, headers, install }
}

/** A provider like Google: a refresh token at a consent only, and a revocation that ends everything of a user. */
export const likeGoogle = {
  provider: google({
    issuer: upstream,
    scopes: ['email'],
    clientId: 'dev-client',
    clientSecret: 'dev-secret',
  }),
  truth: { refreshTokens: 'on consent', rotation: false, revocation: 'user' },
  scopes: ['email', 'calendar'],
} satisfies Parameters<typeof oidcWorld>[0]
