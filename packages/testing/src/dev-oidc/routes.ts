import type { OidcEndpoint, OidcSwitches } from './switches.ts'

const plain: Record<OidcEndpoint, string | readonly string[]> = {
  discovery: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
  jwks: '/jwks',
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  revocation: '/revoke',
  introspection: '/introspect',
  registration: '/register',
}

/** The path of an endpoint that there is. */
export function pathOf(
  switches: OidcSwitches,
  endpoint: Exclude<OidcEndpoint, 'discovery'>,
  tenant = '',
): string {
  return String(switches.paths?.[endpoint] ?? plain[endpoint]).replace('{tenant}', tenant)
}

/** Which endpoint a path is, and of which tenant. */
export function endpointAt(
  switches: OidcSwitches,
  pathname: string,
): { endpoint: OidcEndpoint; tenant: string | undefined } | undefined {
  for (const endpoint of Object.keys(plain) as OidcEndpoint[]) {
    if (!exists(switches, endpoint)) continue
    for (const path of [switches.paths?.[endpoint] ?? plain[endpoint]].flat()) {
      const found = new RegExp(`^${path.replaceAll('.', '\\.').replace('{tenant}', '([^/]+)')}$`).exec(
        pathname,
      )
      if (found) return { endpoint, tenant: found[1] }
    }
  }
  return undefined
}

export function exists(switches: OidcSwitches, endpoint: OidcEndpoint): boolean {
  if (endpoint === 'discovery' || endpoint === 'userinfo') return switches[endpoint] !== false
  if (endpoint === 'revocation') return switches.revocation !== 'none'
  if (endpoint === 'introspection' || endpoint === 'registration') return switches[endpoint] === true
  return true
}
