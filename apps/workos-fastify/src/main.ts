import { oauthProxy } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/fastify'
import { mcp, requireAuth } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { type WorkOSUser, workos } from '@drawbridge/workos'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import fastify from 'fastify'

const port = Number(process.env.PORT || 3000)

// AuthKit's domain, the client id and the secret come from DRAWBRIDGE_WORKOS_DOMAIN, DRAWBRIDGE_WORKOS_CLIENT_ID and
// DRAWBRIDGE_WORKOS_CLIENT_SECRET, the issuer and the secret that seals from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET.
// What is missing is said at start-up.
const auth = oauthProxy({
  issuer: process.env.DRAWBRIDGE_ISSUER || `http://localhost:${port}`,
  provider: workos(),
  storage: sqlite({ path: process.env.DATABASE || 'auth.db' }),
})
await auth.ready()

const server = mcp({ auth, server: createServer })

const app = fastify()
await app.register(drawbridge(server))
app.get('/', () => `Connect an MCP client to ${auth.resource}`)

await app.listen({ port, host: '0.0.0.0' })
console.log(`MCP server: ${auth.resource}`)

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'workos-fastify', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { name, email } = requireAuth<WorkOSUser>().extra.user
    return text(`${name} <${email}>`)
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
