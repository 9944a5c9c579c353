import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { UriTemplate } from '@modelcontextprotocol/sdk/shared/uriTemplate.js'
import type { Line } from './channel.ts'
import { checkOptions } from './check-options.ts'
import { endpoint } from './endpoint.ts'
import { freshServers } from './fresh.ts'
import type { AnyOptions, Mcp, McpOptions, OpenOptions, PublicOptions } from './options.ts'
import { matcher } from './resource-uris.ts'
import { connected } from './streamable.ts'

export * from './context.ts'
export type * from './options.ts'

/**
 * A server of `@modelcontextprotocol/sdk`: an `McpServer`, or the `Server` inside it. Its shape and not its class: the SDK
 * has each class twice, for `import` and for `require`, and neither is assignable to the other.
 */
export interface ServerV1 {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
}

/**
 * Serves MCP over Streamable HTTP behind an Auth: its OAuth routes, its gate, and the endpoint itself. For servers
 * built with `@modelcontextprotocol/sdk` (v1). Without an `auth` it serves everybody.
 *
 * @returns something adapters mount, and that runs as it is wherever `{ fetch }` is expected.
 * @throws {ConfigurationError} for options that cannot work, naming the option and the fix.
 * @example
 * export default mcp({
 *   auth,
 *   server: ({ auth }) => {
 *     const server = new McpServer({ name: 'notes', version: '1.0.0' })
 *     server.registerTool('whoami', {}, () => ({ content: [{ type: 'text', text: auth.extra.subject }] }))
 *     return server
 *   },
 * })
 */
export function mcp(options: OpenOptions<ServerV1>): Mcp
export function mcp<User, const Public extends PublicOptions | undefined = undefined>(
  options: McpOptions<User, ServerV1, Public>,
): Mcp
export function mcp<User>(options: AnyOptions<User, ServerV1>): Mcp {
  checkOptions(options)
  const fresh = freshServers<ServerV1>('@modelcontextprotocol/sdk')
  // Each overload says itself when `auth` may be undefined.
  const build = options.server as (context: unknown) => ServerV1 | Promise<ServerV1>

  const line: Line<User> = {
    template: (text) => matcher(new UriTemplate(text)),
    async connect(context, connection) {
      const server = fresh(await build(context))
      return connected(server, WebStandardStreamableHTTPServerTransport, options, connection)
    },
  }
  return endpoint(options, line)
}
