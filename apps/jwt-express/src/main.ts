import { resourceServer } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/express'
import { type JwtClaims, jwtVerifier } from '@drawbridge/jwt'
import { mcp, requireAuth } from '@drawbridge/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import express from 'express'

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

const app = express().use(drawbridge(server))
app.get('/', (_request, response) => {
  response.type('text/plain').send(`Connect an MCP client to ${auth.resource}`)
})

app.listen(port, (error) => {
  if (error) throw error
  console.log(`MCP server: ${auth.resource}`)
})

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'jwt-express', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { sub } = requireAuth<JwtClaims>().extra.user
    return text(sub)
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
