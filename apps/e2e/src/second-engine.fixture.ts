import { type Auth, type DrawbridgeEvent, memory } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { browser, devGitHub, fakeClock, type Network, network, oauthClient } from '@drawbridge/testing'
import { authorizationServer } from '../../../packages/core/src/authorization-server.ts'
import { sealer } from '../../../packages/core/src/crypto/sealing.ts'
import { callbackUrl } from '../../../packages/core/src/endpoints/locations.ts'
import type { Engine } from '../../../packages/core/src/engine/engine.ts'
import { upstream } from '../../../packages/core/src/identity/upstream.ts'
import { configure } from '../../../packages/core/src/options/config.ts'
import { recordsIn } from '../../../packages/core/src/records/records.ts'
import type { Verifier } from '../../../packages/core/src/resource-server/verifier.ts'
import { mapEngine } from './map-engine.ts'
import { issuer, resource, secret, upstreamHost } from './world.ts'

export type Resources = Parameters<typeof configure>[0]['resources']

/** The endpoints as they are, over an engine that is none of ours. */
export function setUp(
  options: {
    engine?: Engine
    accept?: readonly Verifier[]
    pages?: Parameters<typeof network>[0]
    resources?: Resources
  } = {},
) {
  const { engine = mapEngine(), accept, pages, resources } = options
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const asked: string[] = []
  const storage = memory({ clock })
  const hub = devGitHub({ clock })
  const provider = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
  const config = configure(
    {
      issuer,
      secret,
      storage,
      clock,
      fetch,
      onEvent: (event) => events.push(event),
      log: false,
      accept,
      resources,
    },
    [provider],
  )
  const seals = sealer(config.ring)
  const redirect_uri = callbackUrl(issuer, provider.id)
  const { endpoints, gates } = authorizationServer({
    config,
    options: { accept },
    engine,
    records: recordsIn({ storage, sealer: seals, clock, emit: config.emit }),
    sealer: seals,
    upstreams: new Map([[provider.id, upstream(provider, { redirect_uri, fetch, clock })]]),
  })
  const auth = gates.get('/mcp') as Auth
  const internet: Network = network({
    [upstreamHost]: hub.fetch,
    [issuer]: async (request) => {
      asked.push(request.url)
      const answer = await auth.handle(request)
      if (answer) return answer
      const result = await auth.authenticate(request)
      return result.ok ? Response.json(result.auth) : result.response
    },
    ...pages,
  })
  function fetch(...given: Parameters<typeof globalThis.fetch>): Promise<Response> {
    return internet(...given)
  }
  return {
    asked,
    auth,
    endpoints,
    events,
    fetch: internet,
    app: oauthClient({ mcpUrl: resource, fetch: internet }),
    browser: () => browser({ fetch: internet, clock }),
    call: (token: string | undefined) =>
      internet(resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
    told: () => events.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type)),
  }
}
