import { type OAuthServerWithDefault, oauthProxy } from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import { drawbridge } from '@drawbridge/hono'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { serve } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Hono } from 'hono'

export interface DemoServer {
  auth: OAuthServerWithDefault<GitHubUser>
  url: string
  close(): Promise<void>
}

/** A GitHub-protected MCP server, as one would write it, but that `host` is the development provider and not GitHub. */
export function startServer(options: {
  port: number
  githubUrl: string
  secret: string
  database: string
}): Promise<DemoServer> {
  const { port, githubUrl, secret, database } = options
  const storage = sqlite({ path: database })
  const auth = oauthProxy({
    issuer: `http://localhost:${port}`,
    name: 'Drawbridge demo',
    secret,
    storage,
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: githubUrl }),
  })
  const server = mcp({ auth, server: () => createServer(`${githubUrl}/api/v3`) })
  const app = new Hono().use(drawbridge(server))
  return new Promise((resolve, reject) => {
    // The client of the walk runs in this process, and would not know the server's stand-in for Response.
    const here = { port, hostname: 'localhost', overrideGlobalObjects: false }
    const http = serve({ fetch: app.fetch, ...here }, () =>
      resolve({
        auth,
        url: auth.resource,
        async close() {
          await server.close()
          http.close()
          await storage.close?.()
        },
      }),
    )
    http.once('error', reject)
  })
}

function createServer(githubApi: string): McpServer {
  const server = new McpServer({ name: 'drawbridge-demo', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says who you are to this server' }, () => {
    const { extra, clientId } = requireAuth<GitHubUser>()
    return text(`${extra.user.login} (${extra.subject}), by way of client ${clientId}`)
  })
  server.registerTool('my_profile', { description: 'Asks GitHub for your profile, as you' }, async () => {
    const response = await upstreamFetch(`${githubApi}/user`)
    const { login, name } = (await response.json()) as { login: string; name: string | null }
    return text(`GitHub knows you as ${login}${name ? `, ${name}` : ''}`)
  })
  return server
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
