import { ConfigurationError, inWords } from '@drawbridge/core'
import { isObject, messagesIn } from './json-rpc.ts'
import type { RequireOptions } from './options.ts'

/** What `require` says, ready to be asked. */
export interface ToolScopes {
  /** Every scope the tool calls in this body need, when `held` lacks one of them. */
  missingFor(body: unknown, held: readonly string[]): readonly string[] | undefined
  /** Whether a tool may appear in `tools/list`. */
  mayList(tool: string, held: readonly string[]): boolean
}

/** Reads `require`. Throws {@link ConfigurationError} for scopes that are not lists of strings. */
export function toolScopes(require: RequireOptions = {}): ToolScopes {
  const always = scopeList('require.scopes', require.scopes ?? [])
  // A Map, since a tool could be called "constructor".
  const byTool = new Map(
    Object.entries(require.tools ?? {}).map(([tool, scopes]) => [
      tool,
      scopeList(`require.tools.${tool}`, scopes),
    ]),
  )
  const hideTools = require.hideTools ?? true
  return {
    missingFor(body, held) {
      const needed = new Set<string>()
      for (const tool of calledTools(body)) for (const scope of byTool.get(tool) ?? []) needed.add(scope)
      if ([...needed].every((scope) => held.includes(scope))) return undefined
      return [...new Set([...always, ...needed])]
    },
    mayList(tool, held) {
      return !hideTools || (byTool.get(tool) ?? []).every((scope) => held.includes(scope))
    },
  }
}

/** A `tools/list` result with only the tools that may be listed. */
export function withListedTools<Result>(result: Result, mayList: (tool: string) => boolean): Result {
  if (!isObject(result) || !Array.isArray(result.tools)) return result
  const tools: unknown[] = result.tools
  return {
    ...result,
    tools: tools.filter((tool) => isObject(tool) && typeof tool.name === 'string' && mayList(tool.name)),
  }
}

function calledTools(body: unknown): string[] {
  return messagesIn(body)
    .filter(({ method }) => method === 'tools/call')
    .map(({ params }) => (isObject(params) ? params.name : undefined))
    .filter((name) => typeof name === 'string')
}

function scopeList(option: string, scopes: unknown): readonly string[] {
  if (Array.isArray(scopes) && scopes.includes('offline_access')) {
    throw new ConfigurationError(
      option,
      'holds "offline_access"',
      'Leave it out: it is between the client and the authorization server, and in no access token.',
    )
  }
  if (
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === 'string' && /^[!#-[\]-~]+$/.test(scope))
  ) {
    return scopes
  }
  throw new ConfigurationError(
    option,
    `${typeof scopes === 'string' ? JSON.stringify(scopes) : inWords(scopes)} is not a list of scopes`,
    "Pass an array with one scope per entry, such as ['mail:send'].",
  )
}
