import { requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'

const named = { name: 'e2e', version: '1.0.0' }

/** An MCP server whose tools do what tools behind OAuth do: know their user, and call the provider as that user. */
export function createServer(githubApi: string): McpServer {
  const server = new McpServer(named)
  for (const [name, { description, run }] of Object.entries(toolsFor(githubApi)))
    server.registerTool(name, { description }, run)
  return server
}

/** The same, built with the other line of the SDK. */
export function createServerV2(githubApi: string): McpServerV2 {
  const server = new McpServerV2(named)
  for (const [name, { description, run }] of Object.entries(toolsFor(githubApi)))
    server.registerTool(name, { description }, run)
  return server
}

function toolsFor(githubApi: string) {
  return {
    whoami: {
      description: 'Who is calling',
      async run() {
        const { extra, clientId } = requireAuth<{ login: string }>()
        return text(JSON.stringify({ subject: extra.subject, login: extra.user.login, clientId }))
      },
    },
    github_login: {
      description: 'The login GitHub knows',
      async run() {
        const response = await upstreamFetch(`${githubApi}/user`)
        const user = (await response.json()) as { login?: string }
        return text(String(user.login))
      },
    },
  }
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
