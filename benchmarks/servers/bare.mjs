import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { toolServer } from './tool-server.mjs'

/** The frameworks and the SDK alone, as their own documentation sets them up: no token is looked at. */
export async function start({ port, framework, responses }) {
  await frameworks[framework](port, responses)
  return {}
}

const frameworks = {
  async hono(port, responses) {
    const { serve } = await import('@hono/node-server')
    const { Hono } = await import('hono')
    const app = new Hono()
    app.get('/route', (c) => c.json({ ok: true }))
    app.post('/mcp', async (c) => {
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: undefined,
        enableJsonResponse: responses === 'json',
      })
      await toolServer().connect(transport)
      return transport.handleRequest(c.req.raw)
    })
    await new Promise((resolve) => serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, resolve))
  },
  async express(port) {
    const { default: express } = await import('express')
    const app = express()
    app.get('/route', (_request, response) => response.json({ ok: true }))
    await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve))
  },
  async fastify(port) {
    const { default: fastify } = await import('fastify')
    const app = fastify()
    app.get('/route', async () => ({ ok: true }))
    await app.listen({ port, host: '127.0.0.1' })
  },
}
