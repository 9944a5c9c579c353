import { oauthProxy } from '@drawbridge/core'
import { drawbridge } from '@drawbridge/express'
import { type GitHubUser, github } from '@drawbridge/github'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import express from 'express'

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

const app = express().use(drawbridge(server))
app.get('/', (_request, response) => {
  response.type('text/plain').send(`Connect an MCP client to ${auth.resource}`)
})

app.listen(port, (error) => {
  if (error) throw error
  console.log(`MCP server: ${auth.resource}`)
})

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'github-express', version: '1.0.0' })
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
