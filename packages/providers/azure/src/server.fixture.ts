import type { AuthInfo, DrawbridgeEvent } from '@drawbridge/core'
import { type DevOidc, type FakeClock, type Handler, providerServer } from '@drawbridge/testing'
import { ACME, CREDENTIALS } from './entra.fixture.ts'
import { type AzureOptions, type AzureUser, azure } from './index.ts'

/** An Entra that is pretended. */
export interface Entra {
  clock: FakeClock
  dev: DevOidc
  hosts: Record<string, Handler>
}

/** An MCP server behind it. */
export function serverBehind({ clock, dev, hosts }: Entra, options: Partial<AzureOptions> = {}) {
  const server = providerServer({
    provider: azure({ ...CREDENTIALS, tenant: ACME, scopes: ['files.read'], ...options } as AzureOptions),
    hosts,
    scopes: { supported: ['files.read', 'files.write'], default: ['files.read'] },
    clock,
  })
  const token = (info: AuthInfo<AzureUser>, scopes?: readonly string[]) =>
    server.auth.upstreamToken(info, { scopes })
  const install = (user = 'ada', scope = 'files.read') => server.install(user, scope)
  const told = (type: DrawbridgeEvent['type']) => server.events.filter((event) => event.type === type)
  const posted = (grant_type: string) =>
    dev.requests
      .filter(({ parameters }) => parameters.grant_type === grant_type)
      .map(({ parameters }) => parameters)
  return { ...server, install, posted, token, told }
}
