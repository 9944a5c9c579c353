import type { Auth, Route } from '@drawbridge/core'

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

/** The Auth's routes and the endpoint's, each path once. */
export function allRoutes(routes: readonly Route[], paths: readonly string[]): readonly Route[] {
  const methodsAt = new Map(routes.map(({ path, methods }) => [path, methods]))
  for (const path of paths) {
    const known = methodsAt.get(path) ?? []
    methodsAt.set(path, [...new Set([...known, 'GET', 'POST', 'DELETE', 'OPTIONS'])])
  }
  return [...methodsAt].map(([path, methods]) => ({ path, methods }))
}

/** 404 for a path nobody here knows, with the one that was probably meant. */
export function notFound(request: Request, paths: readonly string[], resource: string | undefined): Response {
  const asked = new URL(request.url).pathname
  const isNear = paths.some((path) => asked.endsWith(path) || path.endsWith(asked) || asked === `${path}/`)
  const hint = isNear
    ? ` This process expects it at ${paths.join(' or ')} and was asked for ${asked}: if a reverse proxy removes part of the path, name that part as \`stripPrefix\`.`
    : ''
  const error_description = `Nothing is at this path. The MCP endpoint is ${resource ?? paths.join(' or ')}.${hint}`
  return new Response(JSON.stringify({ error: 'not_found', error_description }), {
    status: 404,
    headers: { 'content-type': 'application/json' },
  })
}
