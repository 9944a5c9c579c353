import { checkCall, type ResourceServerOptions, type Verifier } from '@drawbridge/core/provider'
import { issuerOf } from './domain.ts'
import { rulesTable, type WorkOSTokenRules, type WorkOSTokenUser } from './token-options.ts'
import { tokenVerifier } from './token-verifier.ts'

/** Options of {@link authkit}: those of `resourceServer`, and whose tokens are good. */
export interface AuthKitOptions
  extends WorkOSTokenRules,
    Omit<ResourceServerOptions, 'authorizationServers' | 'verifier' | 'clock' | 'log' | 'scopes'> {
  /**
   * What clients ask AuthKit for. Those that register themselves get the standard ones and no others, unless WorkOS has
   * set up your environment otherwise. Default `['openid', 'email', 'profile']`.
   */
  scopes?: ResourceServerOptions['scopes']
}

/**
 * Everything that `resourceServer` needs, where AuthKit is the authorization server: it registers MCP clients itself and
 * signs people in, and your server checks its tokens. https://workos.com/docs/authkit/mcp
 *
 * AuthKit writes the resource into its tokens only when that exact text is a resource indicator in the WorkOS dashboard. A
 * token without it is refused, and a line for the operator says what to add there.
 *
 * @throws {ConfigurationError} for a missing domain, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const auth = resourceServer(authkit({ domain: 'acme.authkit.app', resource: 'https://mcp.acme.dev/mcp' }))
 * ```
 */
export function authkit(options: AuthKitOptions = {}): ResourceServerOptions<Verifier<WorkOSTokenUser>> {
  checkCall<AuthKitOptions>("authkit({ domain: 'acme.authkit.app', resource })", options, {
    ...rulesTable,
    resource: true,
    scopes: true,
    name: true,
    documentation: true,
    stripPrefix: true,
    metadata: true,
    onEvent: true,
  })
  const { domain, id = 'workos', allow, permit, clockTolerance, fetch, timeout, ...server } = options
  return {
    ...server,
    scopes: options.scopes ?? ['openid', 'email', 'profile'],
    authorizationServers: [issuerOf(id, { call: 'authkit()', domain })],
    verifier: tokenVerifier('authkit()', options),
  }
}
