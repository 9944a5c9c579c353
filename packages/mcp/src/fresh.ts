import { ConfigurationError } from '@drawbridge/core'

/** What every line's servers can do. */
interface Connectable {
  connect(transport: never): Promise<void>
  close(): Promise<void>
}

/**
 * Sees to it that a factory builds a server each time.
 *
 * @param from the SDK's package, for the message
 * @throws {ConfigurationError} from the function it returns, for what is no server or was returned before
 */
export function freshServers<Server extends Connectable>(from: string): (server: Server) => Server {
  const used = new WeakSet<object>()
  return (server) => {
    if (typeof server?.connect !== 'function' || typeof server.close !== 'function') {
      throw new ConfigurationError(
        'server',
        `returned ${server === null ? 'null' : typeof server} and not an McpServer`,
        `Return the McpServer it builds, from ${from}; is a \`return\` missing?`,
      )
    }
    if (used.has(server)) {
      throw new ConfigurationError(
        'server',
        'returned the same McpServer twice',
        'Build it inside the function: a shared server sends the answers of one caller to another.',
      )
    }
    used.add(server)
    return server
  }
}
