import { oauthProxy } from '@drawbridge/core'
import { type GoogleUser, google } from '@drawbridge/google'
import { drawbridge } from '@drawbridge/hono'
import { mcp, requireAuth, upstreamFetch } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { serve } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Hono } from 'hono'

const calendar = 'https://www.googleapis.com/calendar/v3/calendars/primary'

/** What the tool reads of a calendar. */
interface Events {
  items: { summary?: string; start: { date?: string; dateTime?: string } }[]
}

const port = Number(process.env.PORT || 3000)

// The client id and secret come from DRAWBRIDGE_GOOGLE_CLIENT_ID and DRAWBRIDGE_GOOGLE_CLIENT_SECRET, the issuer and
// the secret from DRAWBRIDGE_ISSUER and DRAWBRIDGE_SECRET. What is missing is said at start-up.
const auth = oauthProxy({
  issuer: process.env.DRAWBRIDGE_ISSUER || `http://localhost:${port}`,
  provider: google({ scopes: ['openid', 'email', 'profile', 'calendar.events.readonly'] }),
  storage: sqlite({ path: process.env.DATABASE || 'auth.db' }),
})
await auth.ready()

const server = mcp({ auth, server: createServer })

const app = new Hono().use(drawbridge(server))
app.get('/', (c) => c.text(`Connect an MCP client to ${auth.resource}`))

serve({ fetch: app.fetch, port }, () => console.log(`MCP server: ${auth.resource}`))

function createServer(): McpServer {
  const mcpServer = new McpServer({ name: 'google-hono', version: '1.0.0' })
  mcpServer.registerTool('whoami', { description: 'Says who you are' }, () => {
    const { name, email } = requireAuth<GoogleUser>().extra.user
    return text(`${name} <${email}>`)
  })
  mcpServer.registerTool('agenda', { description: 'Lists your next appointments' }, async () => {
    const query = `timeMin=${new Date().toISOString()}&singleEvents=true&orderBy=startTime&maxResults=10`
    const response = await upstreamFetch(`${calendar}/events?${query}`)
    if (!response.ok) throw new Error(`Google answered ${response.status}`)
    const { items } = (await response.json()) as Events
    return text(items.map(({ summary, start }) => `${start.dateTime ?? start.date} ${summary}`).join('\n'))
  })
  return mcpServer
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] }
}
