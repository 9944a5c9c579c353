import type { OAuthServerWithDefault } from '@drawbridge/core'
import type { GitHubUser } from '@drawbridge/github'
import {
  type Browser,
  browser,
  type Network,
  network,
  type OAuthClient,
  oauthClient,
} from '@drawbridge/testing'
import { issuer, resource, serve, upstreamHost, type World } from './world.ts'

/** What stands in front of several instances of a world, and sends everything to the one it is told to. */
export interface Front {
  fetch: Network
  /** From now on requests go to this instance. */
  to(instance: OAuthServerWithDefault<GitHubUser>): void
  client(): OAuthClient
  browser(): Browser
  call(access_token: string | undefined): Promise<Response>
}

export function front(world: World, first: OAuthServerWithDefault<GitHubUser> = world.auth): Front {
  let target = first
  const fetch = network({
    [upstreamHost]: world.provider.fetch,
    [issuer]: (request) => serve(target, request),
  })
  return {
    fetch,
    to(instance) {
      target = instance
    },
    client: () => oauthClient({ mcpUrl: resource, fetch }),
    browser: () => browser({ fetch, clock: world.clock }),
    call: (access_token) =>
      fetch(resource, { method: 'POST', headers: { authorization: `Bearer ${access_token}` } }),
  }
}
