import {
  type AuthInfo,
  type DrawbridgeEvent,
  memory,
  type OAuthServerWithDefault,
  oauthServer,
  type ScopeOptions,
} from '@drawbridge/core'
import type { OAuthProvider } from '@drawbridge/core/provider'
import { type FakeClock, fakeClock } from './clock.ts'
import { browser } from './driver/browser.ts'
import { type OAuthClient, oauthClient, type TokenBody } from './driver/oauth-client.ts'
import type { Handler } from './listen.ts'
import { type Network, network } from './network.ts'

/** Options of {@link providerServer}. */
export interface ProviderServerOptions<User> {
  provider: OAuthProvider<User>
  /** Where the provider answers, by origin, and whatever else tools call. */
  hosts: Readonly<Record<string, Handler>>
  scopes?: ScopeOptions | readonly string[] | undefined
  clock?: FakeClock | undefined
}

export interface ProviderServer<User> {
  auth: OAuthServerWithDefault<User>
  /** Everything that the server told, oldest first. */
  events: readonly DrawbridgeEvent[]
  /** Reaches the server and the hosts. */
  fetch: Network
  /** A new client with a browser of its own, in which this person signs in. */
  install(user: string, scope?: string): Promise<{ client: OAuthClient; tokens: TokenBody }>
  /** What a tool knows of the caller. */
  gate(tokens: Pick<TokenBody, 'access_token'>): Promise<AuthInfo<User>>
}

/**
 * An MCP server at which people sign in with one provider, all in this process, for what a provider does that the contracts
 * do not know.
 *
 * @throws Error from `install` where the sign-in is refused, and from `gate` where the token is
 * @example
 * ```ts
 * const dev = devOidc()
 * const provider = acme({ issuer: 'https://login.test', clientId: 'dev-client', clientSecret: 'dev-secret' })
 * const { install, gate } = providerServer({ provider, hosts: { 'https://login.test': dev.fetch } })
 * const { tokens } = await install('ada')
 * expect((await gate(tokens)).extra.subject).toBe('acme|ada')
 * ```
 */
export function providerServer<User>(options: ProviderServerOptions<User>): ProviderServer<User> {
  const { provider, hosts, scopes, clock = fakeClock() } = options
  const events: DrawbridgeEvent[] = []
  const fetch = network({
    ...hosts,
    [issuer]: async (request) => (await auth.handle(request)) ?? entered(request),
  })
  const auth = oauthServer({
    issuer,
    secret: 'kM3vQ8zR1tY6wB9nL4pS7dF2gH5jX0cAqE8uT1iO3aZ=',
    storage: memory({ clock }),
    onEvent: (event) => events.push(event),
    log: false,
    ...{ provider, scopes, fetch, clock },
  })
  async function entered(request: Request): Promise<Response> {
    const result = await auth.authenticate(request)
    return result.ok ? new Response(null, { status: 204 }) : result.response
  }
  return {
    ...{ auth, events, fetch },
    async install(user, scope) {
      const client = oauthClient({ mcpUrl: auth.resource, fetch })
      const parameters = scope === undefined ? {} : { scope }
      const tokens = await client.login(browser({ fetch, clock }), { user, parameters })
      return { client, tokens }
    },
    async gate({ access_token }) {
      const headers = { authorization: `Bearer ${access_token}` }
      const entered = await auth.authenticate(new Request(auth.resource, { headers }))
      if (entered.ok) return entered.auth
      throw new Error(`the gate answered ${entered.response.status}`)
    },
  }
}

const issuer = 'https://mcp.acme.test'
