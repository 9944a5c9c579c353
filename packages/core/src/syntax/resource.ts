import type { ResourceScopes } from './scopes.ts'

/** A protected resource of ours (RFC 9728). */
export interface ProtectedResource {
  /** As given: `/mcp`, or the whole URL of one on another host. */
  path: string
  /** The resource identifier (RFC 8707): what clients type. */
  identifier: string
  name: string | undefined
  scopes: ResourceScopes
}

/**
 * Whether a client's `resource`, or a token's `aud`, names this one (RFC 8707 2), as {@link normalizedResource} compares.
 *
 * @example
 * isSameResource('https://MCP.acme.dev/', 'https://mcp.acme.dev') // true
 * isSameResource('https://mcp.acme.dev/mcp/', 'https://mcp.acme.dev/mcp') // false
 */
export function isSameResource(given: string, identifier: string): boolean {
  return given === identifier || normalizedResource(given) === normalizedResource(identifier)
}

/**
 * As a client's `resource` is compared (RFC 8707 2): scheme and host case-insensitively, a slash at the root may be there
 * or not, nothing else is forgiven. For comparing one with many.
 *
 * @example
 * normalizedResource('HTTPS://MCP.acme.dev/') // 'https://mcp.acme.dev'
 */
export function normalizedResource(resource: string): string {
  const [, origin = '', rest = resource] = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(.*)$/s.exec(resource) ?? []
  return origin.toLowerCase() + (rest === '/' ? '' : rest)
}
