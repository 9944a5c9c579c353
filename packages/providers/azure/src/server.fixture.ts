import { type AuthInfo, type DrawbridgeEvent, memory, oauthServer } from '@drawbridge/core'
import {
  browser,
  type DevOidc,
  type FakeClock,
  type Handler,
  network,
  oauthClient,
  type TokenBody,
} from '@drawbridge/testing'
import { ACME, CREDENTIALS } from './entra.fixture.ts'
import { type AzureOptions, type AzureUser, azure } from './index.ts'

const ISSUER = 'https://mcp.acme.test'

/** An Entra that is pretended. */
export interface Entra {
  clock: FakeClock
  dev: DevOidc
  hosts: Record<string, Handler>
}

/** An MCP server behind it, with both in this process. */
export function serverBehind({ clock, dev, hosts }: Entra, options: Partial<AzureOptions> = {}) {
  const events: DrawbridgeEvent[] = []
  const fetch = network({
    ...hosts,
    [ISSUER]: async (request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    },
  })
  const auth = oauthServer({
    issuer: ISSUER,
    secret: 'kM3vQ8zR1tY6wB9nL4pS7dF2gH5jX0cAqE8uT1iO3aZ=',
    storage: memory({ clock }),
    provider: azure({ ...CREDENTIALS, tenant: ACME, scopes: ['files.read'], ...options } as AzureOptions),
    scopes: { supported: ['files.read', 'files.write'], default: ['files.read'] },
    onEvent: (event) => events.push(event),
    log: false,
    fetch,
    clock,
  })
  const gate = async ({ access_token }: Pick<TokenBody, 'access_token'>) => {
    const request = new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access_token}` } })
    const result = await auth.authenticate(request)
    if (!result.ok) throw new Error(`the gate answered ${result.response.status}`)
    return result.auth
  }
  const token = (info: AuthInfo<AzureUser>, scopes?: readonly string[]) =>
    auth.upstreamToken(info, { scopes })
  const install = async (user = 'ada', scope = 'files.read') => {
    const client = oauthClient({ mcpUrl: `${ISSUER}/mcp`, fetch })
    const tokens = await client.login(browser({ fetch, clock }), { user, parameters: { scope } })
    return { client, tokens }
  }
  const told = (type: DrawbridgeEvent['type']) => events.filter((event) => event.type === type)
  const posted = (grant_type: string) =>
    dev.requests
      .filter(({ parameters }) => parameters.grant_type === grant_type)
      .map(({ parameters }) => parameters)
  return { events, fetch, gate, install, posted, token, told }
}
