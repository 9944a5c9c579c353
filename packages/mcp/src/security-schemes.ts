import { isObject } from './json-rpc.ts'

/** What the listing of a tool says of the sign-in it needs, as ChatGPT reads it. */
export type SecurityScheme = { type: 'noauth' } | { type: 'oauth2'; scopes: readonly string[] }

/**
 * A tool of a list with its `securitySchemes`, and once more in `_meta`, where some look for them. A tool that brings its own
 * in `_meta` keeps them: the SDK lets nothing else through, and its author may know more.
 *
 * @example
 * withSecuritySchemes({ name: 'search' }, [{ type: 'noauth' }, { type: 'oauth2', scopes: ['read'] }])
 */
export function withSecuritySchemes(
  tool: Readonly<Record<string, unknown>>,
  schemes: readonly SecurityScheme[],
): object {
  const _meta = isObject(tool._meta) ? tool._meta : {}
  const securitySchemes = tool.securitySchemes ?? _meta.securitySchemes ?? schemes
  return { ...tool, securitySchemes, _meta: { ..._meta, securitySchemes } }
}

/** A public tool can be called by nobody, and knows who it is once somebody has signed in. */
export function schemesOf(isPublic: boolean, scopes: readonly string[]): readonly SecurityScheme[] {
  return [...(isPublic ? [{ type: 'noauth' as const }] : []), { type: 'oauth2', scopes }]
}
