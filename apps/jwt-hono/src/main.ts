import { resourceServer } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/hono'
import { type JwtClaims, jwtVerifier } from '@drawbridge/jwt'
import { mcp, requireAuth } from '@drawbridge/mcp'
import { serve } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Hono } from 'hono'

const port = Number(process.env.PORT || 3000)

// Where clients sign in. Its tokens are good here if they are for this resource.
const issuer = process.env.DRAWBRIDGE_JWT_ISSUER ?? ''
const auth = resourceServer({
  resource: process.env.DRAWBRIDGE_RESOURCE || `http://localhost:${port}/mcp`,
  authorizationServers: [issuer],
  // What clients ask for there.
  scopes: ['openid'],
  verifier: jwtVerifier({ issuer }),
})

const server = mcp({ auth, server: createServer })

const app = new Hono().use(drawbridge(server))
app.get('/', (c) => c.text(`Connect an MCP client to ${auth.resource}`))

serve({ fetch: app.fetch, port }, () => console.log(`MCP server: ${auth.resource}`))

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'jwt-hono', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { sub } = requireAuth<JwtClaims>().extra.user
    return text(sub)
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
