// An application in TypeScript that is CommonJS: compiled, its imports are `require`, and the MCP SDK it gets is the
// SDK's other build. Every package that meets another library's types is here. Prints what a client saw, as JSON.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Auth, memory, oauthProxy } from '@drawbridge/core'
import { drawbridge, protect } from '@drawbridge/express'
import { drawbridge as onFastify } from '@drawbridge/fastify'
import { type GitHubUser, github } from '@drawbridge/github'
import { drawbridge as onHono } from '@drawbridge/hono'
import { mcp, requireAuth } from '@drawbridge/mcp'
import { mcp as v1 } from '@drawbridge/mcp/v1'
import { mcp as v2 } from '@drawbridge/mcp/v2'
import { openTelemetry, traced } from '@drawbridge/opentelemetry'
import { postgres } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { browser, devGitHub, oauthClient } from '@drawbridge/testing'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as sdkV2 from '@modelcontextprotocol/server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { createClient } from 'redis'

export const stores = [
  () => postgres({ pool: new Pool() }),
  () => redis({ client: createClient() }),
  () => redis({ client: new Redis() }),
]

function highLevel(): McpServer {
  const server = new McpServer({ name: 'acme', version: '1.0.0' })
  server.registerTool('whoami', {}, () => ({
    content: [{ type: 'text', text: requireAuth<GitHubUser>().extra.user.login }],
  }))
  return server
}

const named = { name: 'acme', version: '2.0.0' }
export const newest = (auth: Auth) => [
  v2({ auth, server: () => new sdkV2.McpServer(named) }),
  v2({ auth, server: async () => new sdkV2.McpServer(named).server, sessions: true }),
]

const lowLevel = (): Server => new Server({ name: 'acme', version: '1.0.0' }, { capabilities: {} })

async function main(): Promise<void> {
  const provider = await devGitHub().listen()
  const app = express()
  const http = app.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`

  const auth = oauthProxy({
    issuer,
    secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
    storage: memory(),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
    onEvent: openTelemetry(),
  })
  await auth.ready()
  new Hono().use(onHono(v1({ auth, server: lowLevel })))
  fastify().register(onFastify(mcp({ auth: traced(auth), server: async () => lowLevel() })))
  app.use(drawbridge(mcp({ auth, server: highLevel, responses: 'json' })))
  app.get('/me', protect(auth), (request, response) => {
    response.json(request.auth?.extra.subject)
  })

  const { access_token } = await oauthClient({ mcpUrl: `${issuer}/mcp` }).login(browser(), {
    user: 'octocat',
  })
  const call = (headers: Record<string, string>) =>
    fetch(`${issuer}/mcp`, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
    })
  const answer = await call({ authorization: `Bearer ${access_token}` })
  const refused = await call({})
  console.log(
    JSON.stringify({
      node: process.version,
      format: typeof require === 'function' ? 'commonjs' : 'module',
      answer: { status: answer.status, body: await answer.json() },
      refused: { status: refused.status, challenge: refused.headers.get('www-authenticate') },
    }),
  )
  http.close()
  http.closeAllConnections()
  await provider.close()
}

void main()
