import { dangerouslyStaticTokens, resourceServer } from '@drawbridge/core'
import { mcp } from '@drawbridge/mcp'
import { listen } from '@drawbridge/node'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'

/** A server as a user would start it, and stop it: run as a process of its own by listen.test.ts. */
const { closeSeconds, listens } = JSON.parse(process.argv[2] ?? '{}') as {
  closeSeconds?: number
  /** Another part of the application listens for signals. */
  listens?: boolean
}

const auth = resourceServer({
  resource: 'http://127.0.0.1/mcp',
  authorizationServers: [],
  verifier: dangerouslyStaticTokens({ alice: { subject: 'alice', user: {} } }),
  log: false,
})

function server() {
  const made = new McpServer({ name: 'slow', version: '1.0.0' })
  made.registerTool('slow', {}, async () => {
    process.send?.('called')
    await new Promise((resolve) => process.once('message', resolve))
    return { content: [{ type: 'text', text: 'done' }] }
  })
  return made
}

if (listens) process.on('SIGTERM', () => process.send?.('heard'))
// As a pool would, it keeps the process alive.
setInterval(() => {}, 60_000)
const { port } = await listen(mcp({ auth, server, sessions: true, onNotice: () => {} }), {
  port: 0,
  closeSeconds,
  log: false,
})
process.send?.(port)
