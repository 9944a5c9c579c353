import { ConfigurationError } from '@drawbridge/core'
import { missingScopes, requiredScopes, unionScopes } from '@drawbridge/core/syntax'
import { isObject, messagesIn } from './json-rpc.ts'
import type { RequireOptions } from './options.ts'

/** What `require` says, ready to be asked. */
interface ToolScopes {
  /** Every scope the tool calls in this body need, when `held` lacks one of them. */
  missingFor(body: unknown, held: readonly string[]): readonly string[] | undefined
  /** Whether a tool may appear in `tools/list`. */
  mayList(tool: string, held: readonly string[]): boolean
}

/**
 * Reads `require`. Throws {@link ConfigurationError} for what is no list of scopes, and for a scope that nobody can be
 * granted. `held` is written out, as `AuthInfo.scopes` is: with all that it implies.
 */
export function toolScopes(
  require: RequireOptions = {},
  grantable?: readonly string[] | undefined,
): ToolScopes {
  const always = requiredScopes('require.scopes', require.scopes, grantable)
  // A Map, since a tool could be called "constructor".
  const byTool = new Map(
    Object.entries(require.tools ?? {}).map(([tool, scopes]) => [tool, ruleOf(tool, scopes, grantable)]),
  )
  const hideTools = require.hideTools ?? true
  return {
    missingFor(body, held) {
      const needed = unionScopes(...calledTools(body).map((tool) => byTool.get(tool)))
      return missingScopes(needed, held).length > 0 ? unionScopes(always, needed) : undefined
    },
    mayList(tool, held) {
      return !hideTools || missingScopes(byTool.get(tool) ?? [], held).length === 0
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

function ruleOf(
  tool: string,
  scopes: readonly string[] | undefined,
  grantable: readonly string[] | undefined,
): readonly string[] {
  const option = `require.tools.${tool}`
  if (scopes !== undefined) return requiredScopes(option, scopes, grantable)
  // Such a rule would let everybody in.
  throw new ConfigurationError(option, 'is missing', "Pass a list of scopes, such as ['mail:send'].")
}
