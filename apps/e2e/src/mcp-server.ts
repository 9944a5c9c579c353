import { requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'

/** An MCP server whose tools do what tools behind OAuth do: know their user, and call the provider as that user. */
export function createServer(githubApi: string): McpServer {
  const server = new McpServer({ name: 'e2e', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Who is calling' }, () => {
    const { extra, clientId } = requireAuth<{ login: string }>()
    return text(JSON.stringify({ subject: extra.subject, login: extra.user.login, clientId }))
  })
  server.registerTool('github_login', { description: 'The login GitHub knows' }, async () => {
    const response = await upstreamFetch(`${githubApi}/user`)
    const user = (await response.json()) as { login?: string }
    return text(String(user.login))
  })
  return server
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
