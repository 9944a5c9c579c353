import { type AzureUser, azure } from '@drawbridge/azure'
import { oauthProxy } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/fastify'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import fastify from 'fastify'

const graph = 'https://graph.microsoft.com'

/** What the tool reads of a profile. */
interface Profile {
  jobTitle: string | null
  department: string | null
  officeLocation: string | null
}

const port = Number(process.env.PORT || 3000)

// The tenant, the client id and the secret come from DRAWBRIDGE_AZURE_TENANT, DRAWBRIDGE_AZURE_CLIENT_ID and
// DRAWBRIDGE_AZURE_CLIENT_SECRET, the issuer and the secret that seals from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET.
// What is missing is said at start-up.
const auth = oauthProxy({
  issuer: process.env.DRAWBRIDGE_ISSUER || `http://localhost:${port}`,
  provider: azure({ scopes: ['openid', 'profile', 'email', `${graph}/User.Read`] }),
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
  const mcpServer = new McpServer({ name: 'azure-fastify', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { name, preferred_username } = requireAuth<AzureUser>().extra.user
    return text(`${name} <${preferred_username}>`)
  })
  mcpServer.registerTool('profile', { description: 'Says where you work, and as what' }, async () => {
    const response = await upstreamFetch(`${graph}/v1.0/me?$select=jobTitle,department,officeLocation`)
    if (!response.ok) throw new Error(`Microsoft Graph answered ${response.status}`)
    const { jobTitle, department, officeLocation } = (await response.json()) as Profile
    return text([jobTitle, department, officeLocation].filter(Boolean).join(', '))
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
