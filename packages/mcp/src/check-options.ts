import { ConfigurationError } from '@drawbridge/core'
import type { McpOptions } from './options.ts'

/** Throws {@link ConfigurationError} for what a compiler does not see, or was not asked. */
export function checkOptions<User, Server>({
  auth,
  server,
  path,
  maxBodyBytes,
}: McpOptions<User, Server>): void {
  if (typeof auth?.authenticate !== 'function') {
    throw new ConfigurationError(
      'auth',
      'is not an Auth',
      'Pass what oauthServer, oauthProxy or resourceServer returned.',
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
  if (maxBodyBytes !== undefined && !(maxBodyBytes > 0)) {
    throw new ConfigurationError('maxBodyBytes', `${maxBodyBytes} is not positive`, 'Leave it out for 4 MiB.')
  }
}
