import { corsHeaders } from '../http/cors.ts'
import { withoutOfflineAccess } from '../syntax/scopes.ts'

interface ProtectedResourceDescription {
  /** The exact string that clients type and tokens are meant for. */
  resource: string
  authorizationServers?: readonly string[] | undefined
  scopes?: readonly string[] | undefined
  name?: string | undefined
  documentation?: Documentation | undefined
}

/** URLs of pages for people. */
export interface Documentation {
  service?: string | undefined
  policy?: string | undefined
  terms?: string | undefined
}

const wellKnown = '/.well-known/oauth-protected-resource'

/** The metadata document of a protected resource (RFC 9728 2), with which clients begin. It never lists `offline_access`. */
export function protectedResourceMetadata(
  description: ProtectedResourceDescription,
): Readonly<Record<string, unknown>> {
  const { resource, authorizationServers = [], name, documentation } = description
  const scopes = withoutOfflineAccess(description.scopes ?? [])
  return {
    resource,
    ...(authorizationServers.length > 0 && { authorization_servers: authorizationServers }),
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    ...(name && { resource_name: name }),
    ...(documentation?.service && { resource_documentation: documentation.service }),
    ...(documentation?.policy && { resource_policy_uri: documentation.policy }),
    ...(documentation?.terms && { resource_tos_uri: documentation.terms }),
  }
}

/**
 * Where a resource's metadata is: the well-known name goes between host and path (RFC 9728 3.1).
 *
 * @example
 * protectedResourceMetadataUrl('https://mcp.acme.dev/mcp')
 * // https://mcp.acme.dev/.well-known/oauth-protected-resource/mcp
 */
export function protectedResourceMetadataUrl(resource: string): string {
  const url = new URL(resource)
  return url.origin + protectedResourceMetadataPath(url.pathname)
}

/** The same for a path alone; also for the one a reverse proxy leaves over. */
export function protectedResourceMetadataPath(path: string): string {
  return path === '/' ? wellKnown : wellKnown + path
}

/** A handler that answers with a metadata document, serialised once, readable from any origin and cacheable for an hour. */
export function metadataResponder(document: object): () => Response {
  const body = JSON.stringify(document)
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'public, max-age=3600',
    ...corsHeaders,
  }
  return () => new Response(body, { headers })
}
