import {
  type DrawbridgeEvent,
  memory,
  type OAuthServerWithDefault,
  oauthProxy,
  type Storage,
} from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import {
  type Browser,
  browser,
  type DevGitHub,
  type DevGitHubOptions,
  devGitHub,
  type FakeClock,
  fakeClock,
  type Network,
  network,
  type OAuthClient,
  type OAuthClientOptions,
  oauthClient,
} from '@drawbridge/testing'

type ProxyOptions = Parameters<typeof oauthProxy>[0]

/** One server, its provider and its clients, on an internet inside the process where time passes when told to. */
export interface World {
  auth: OAuthServerWithDefault<GitHubUser>
  provider: DevGitHub
  clock: FakeClock
  fetch: Network
  events: DrawbridgeEvent[]
  /** A new person's browser. */
  browser(options?: { acceptCookies?: boolean }): Browser
  /** A new installation of a client. */
  client(options?: Partial<OAuthClientOptions>): OAuthClient
  /** Calls the protected resource; the body is the AuthInfo that a tool would see. */
  call(access_token: string | undefined, init?: RequestInit): Promise<Response>
  /** Another instance on the same storage. */
  instance(options?: Partial<ProxyOptions>): OAuthServerWithDefault<GitHubUser>
}

export const issuer = 'https://mcp.test'
export const resource = 'https://mcp.test/mcp'
export const secret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
export const upstreamHost = 'https://github.test'

export function world(
  options: Partial<ProxyOptions> & { github?: DevGitHubOptions; storage?: Storage } = {},
): World {
  const { github: providerOptions, ...serverOptions } = options
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const provider = devGitHub({ clock, ...providerOptions })
  const storage = options.storage ?? memory({ clock })
  const instance = (more: Partial<ProxyOptions> = {}) =>
    oauthProxy({
      issuer,
      secret,
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }),
      clock,
      fetch,
      onEvent: (event) => events.push(event),
      log: false,
      egress: () => Promise.reject(new Error('nothing is published in this world')),
      ...serverOptions,
      ...more,
      storage,
    } as Parameters<typeof oauthProxy<ReturnType<typeof github>>>[0])
  const fetch = network({
    [upstreamHost]: provider.fetch,
    [issuer]: (request) => serve(auth, request),
  })
  const auth = instance()
  return {
    auth,
    provider,
    clock,
    fetch,
    events,
    browser: (more = {}) => browser({ fetch, clock, ...more }),
    client: (more = {}) => oauthClient({ mcpUrl: resource, fetch, ...more }),
    call: (access_token, init = {}) => {
      const headers = new Headers(init.headers)
      if (access_token !== undefined) headers.set('authorization', `Bearer ${access_token}`)
      return fetch(resource, { method: 'POST', ...init, headers })
    },
    instance,
  }
}

/** The smallest application: everything that is not OAuth is the protected resource. */
export async function serve(auth: OAuthServerWithDefault<GitHubUser>, request: Request): Promise<Response> {
  const answer = await auth.handle(request)
  if (answer) return answer
  const result = await auth.authenticate(request)
  return result.ok ? Response.json(result.auth) : result.response
}
