import { ConfigurationError, checkCall, checkMembers, inWords } from '@drawbridge/core'
import type { McpOptions, RequireOptions, SessionOptions } from './options.ts'

/** Throws {@link ConfigurationError} for what a compiler does not see, or was not asked. */
export function checkOptions<User, Server>(options: McpOptions<User, Server>): void {
  checkCall<McpOptions<User, Server>>('mcp({ auth, server: createServer })', options, {
    auth: true,
    server: true,
    path: 'text',
    sessions: true,
    responses: true,
    require: true,
    allowedHosts: 'texts',
    allowedOrigins: 'texts',
    maxBodyBytes: 'count',
    onError: 'function',
    clock: 'clock',
  })
  const { auth, server, path, sessions, responses } = options
  if (typeof sessions !== 'boolean') {
    checkMembers<SessionOptions>('sessions', sessions, {
      idleSeconds: 'count',
      max: 'count',
      maxPerUser: 'count',
    })
  }
  checkMembers<RequireOptions>('require', options.require, {
    scopes: true,
    tools: 'object',
    hideTools: 'flag',
  })
  if (responses !== undefined && responses !== 'sse' && responses !== 'json') {
    const got = typeof responses === 'string' ? `is "${responses}"` : `is ${inWords(responses)}`
    throw new ConfigurationError('responses', got, 'Use sse or json.')
  }
  if (!isAuth(auth) && typeof Object(auth).at === 'function') {
    throw new ConfigurationError(
      'auth',
      'has several resources and none is the default',
      "Name one of them, as `auth: auth.at('/files')`, or mark one in `resources` with `default: true`.",
    )
  }
  if (!isAuth(auth)) {
    const awaited = typeof Object(auth).then === 'function' ? 'Await it first. ' : ''
    throw new ConfigurationError(
      'auth',
      `is not an Auth (${inWords(auth)})`,
      `${awaited}Pass what oauthServer, oauthProxy or resourceServer returned.`,
    )
  }
  if (typeof server !== 'function') {
    throw new ConfigurationError(
      'server',
      'is not a function',
      'Pass a function that builds a new server each time, `server: () => { const server = new McpServer(...); ...; return server }`, not one shared server.',
    )
  }
  if (path !== undefined && !/^\/[^?#]*$/.test(path)) {
    throw new ConfigurationError('path', `"${path}" is not a path`, 'Begin with a slash, such as "/mcp".')
  }
}

function isAuth(given: unknown): boolean {
  const { authenticate, handle, routes, resource } = Object(given) as Readonly<Record<string, unknown>>
  return (
    typeof authenticate === 'function' &&
    typeof handle === 'function' &&
    Array.isArray(routes) &&
    routes.every((route) => typeof Object(route).path === 'string') &&
    typeof resource === 'string' &&
    URL.canParse(resource)
  )
}
