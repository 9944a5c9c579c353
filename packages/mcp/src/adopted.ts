import { McpServer, type Server } from '@modelcontextprotocol/server'
import type { ServerV2 } from './v2.ts'

/**
 * A server as the SDK takes it. The SDK has each class twice, for `import` and for `require`, and asks by `instanceof` what
 * it was given; with the other one's it would fail at each request.
 */
export function adopted(given: ServerV2): McpServer | Server {
  if (given instanceof McpServer || !('server' in given)) return given as Server
  return new Proxy(given as McpServer, { getPrototypeOf: () => McpServer.prototype })
}
