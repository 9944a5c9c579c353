import type { ScopeHierarchy } from './scope-hierarchy.ts'
import type { Words } from './words.ts'

/** The scopes of one resource, with every default filled in. `offline_access` is in none of the lists. */
export interface ResourceScopes {
  /** All that clients may ask for. */
  supported: readonly string[]
  /** For a client that asks for nothing in particular; names or implies what is required. */
  default: readonly string[]
  /** Without these a token does not reach the resource. */
  required: readonly string[]
  /** What a 401 and the resource's metadata name. Clients take it before anything else, so that it decides what they get. */
  challenge: readonly string[]
  /** How they compare. */
  hierarchy: ScopeHierarchy
  /** The operator's words for them, as far as there are any. */
  descriptions: ReadonlyMap<string, Words>
  /**
   * What those that the operator mapped need at the providers, in the provider's terms, by provider id. A provider that
   * is not there cannot grant the scope.
   */
  upstream: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** What is done for clients that do not step up by themselves. */
  stepUp: 'refuse-refresh' | undefined
}

/** A protected resource of ours (RFC 9728). */
export interface ProtectedResource {
  /** As given: `/mcp`, or the whole URL of one on another host. */
  path: string
  /** The resource identifier (RFC 8707): what clients type. */
  identifier: string
  name: string | undefined
  scopes: ResourceScopes
  /** Those of its supported scopes that somebody can be granted. */
  grantable: readonly string[]
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
