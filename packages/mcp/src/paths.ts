import { type Auth, ConfigurationError, type McpEndpoint, pathHint, type Route } from '@drawbridge/core'
import type { LegacyPaths } from './legacy-paths.ts'

/**
 * Checks the path of an option. What a request is for is spelled as `URL` does it, and another spelling would be asked for by
 * nobody.
 *
 * @throws {ConfigurationError} for what is no path, or is spelled differently
 */
export function checkPath(option: string, given: string | undefined, example: string): void {
  if (given === undefined) return
  const isPath = /^\/[^?#]*$/.test(given)
  const spelled = isPath ? new URL(`http://localhost${given}`).pathname : example
  if (isPath && spelled === given) return
  const got = isPath ? `"${given}" is spelled differently in requests` : `"${given}" is not a path`
  const fix = isPath ? `Write it as "${spelled}".` : `Begin with a slash, such as "${example}".`
  throw new ConfigurationError(option, got, fix)
}

/** Where this process is asked for the MCP endpoint. */
export function endpointPaths({
  path,
  auth,
}: {
  path?: string | undefined
  auth?: Pick<Auth, 'resource' | 'resourcePaths'> | undefined
}): readonly string[] {
  if (path !== undefined) return [path]
  if (!auth) return ['/mcp']
  return [...new Set([new URL(auth.resource).pathname, ...(auth.resourcePaths ?? [])])]
}

/** Those and, for who types a slash at the end, the same with one. */
export function withSlash(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => (path.endsWith('/') ? [path] : [path, `${path}/`])))]
}

/**
 * The Auth's routes and our own, each path once.
 *
 * @throws {ConfigurationError} where `health` is the path of something else
 */
export function allRoutes(
  routes: readonly Route[],
  paths: readonly string[],
  health?: string | undefined,
  legacy?: LegacyPaths | undefined,
): readonly Route[] {
  const methodsAt = new Map(routes.map(({ path, methods }) => [path, methods]))
  for (const path of paths) {
    const known = methodsAt.get(path) ?? []
    methodsAt.set(path, [...new Set([...known, 'GET', 'POST', 'DELETE', 'OPTIONS'])])
  }
  for (const [own, method] of [
    [legacy?.streams ?? [], 'GET'],
    [legacy?.messages ?? [], 'POST'],
  ] as const) {
    for (const path of own) {
      if (methodsAt.has(path))
        throw new ConfigurationError(
          'legacySse',
          `"${path}" is the path of something else`,
          'Choose another one.',
        )
      methodsAt.set(path, [method, 'OPTIONS'])
    }
  }
  if (health !== undefined && methodsAt.has(health)) {
    throw new ConfigurationError('health', `"${health}" is the path of something else`, 'Choose another one.')
  }
  if (health !== undefined) methodsAt.set(health, ['GET', 'HEAD'])
  return [...methodsAt].map(([path, methods]) => ({ path, methods }))
}

/** 404 for a path nobody here knows, with the one that was probably meant. */
export function notFound(request: Request, endpoint: McpEndpoint): Response {
  const hint =
    pathHint([endpoint], request) ?? `The MCP endpoint is ${endpoint.url ?? endpoint.paths.join(' or ')}.`
  const error_description = `Nothing is at this path. ${hint}`
  return new Response(JSON.stringify({ error: 'not_found', error_description }), {
    status: 404,
    headers: { 'content-type': 'application/json' },
  })
}
