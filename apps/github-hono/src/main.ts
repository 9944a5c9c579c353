import { oauthProxy } from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import { drawbridge } from '@drawbridge/hono'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { serve } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Hono } from 'hono'

/** What the tool reads of a repository. */
interface Repository {
  full_name: string
}

const port = Number(process.env.PORT || 3000)

// The client id and secret come from DRAWBRIDGE_GITHUB_CLIENT_ID and DRAWBRIDGE_GITHUB_CLIENT_SECRET, the issuer and
// the secret from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET. What is missing is said at start-up.
const auth = oauthProxy({
  issuer: process.env.DRAWBRIDGE_ISSUER || `http://localhost:${port}`,
  provider: github(),
  storage: sqlite({ path: process.env.DATABASE || 'auth.db' }),
})
await auth.ready()

const server = mcp({ auth, server: createServer })

const app = new Hono().use(drawbridge(server))
app.get('/', (c) => c.text(`Connect an MCP client to ${auth.resource}`))

serve({ fetch: app.fetch, port }, () => console.log(`MCP server: ${auth.resource}`))

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'github-hono', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { login } = requireAuth<GitHubUser>().extra.user
    return text(login)
  })
  mcpServer.registerTool('repositories', { description: 'Lists your newest repositories' }, async () => {
    const response = await upstreamFetch('https://api.github.com/user/repos?sort=created&per_page=10')
    if (!response.ok) throw new Error(`GitHub answered ${response.status}`)
    const repositories = (await response.json()) as Repository[]
    return text(repositories.map(({ full_name }) => full_name).join('\n'))
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
