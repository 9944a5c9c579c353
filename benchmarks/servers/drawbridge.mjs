import { memory, oauthProxy } from '@drawbridge/core'
import { mcp } from '@drawbridge/mcp'
import { oauth2 } from '@drawbridge/oidc'
import { toolServer } from './tool-server.mjs'

/** Drawbridge as its README sets it up, with the options' defaults, on a framework and a store. */
export async function start({ port, upstream, framework, storage, responses }) {
  const auth = oauthProxy({
    issuer: `http://127.0.0.1:${port}`,
    secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
    storage: await stores[storage](),
    provider: oauth2({
      id: 'stub',
      label: 'Stub',
      clientId: 'bench',
      clientSecret: 'bench-secret',
      endpoints: { authorization: `${upstream}/authorize`, token: `${upstream}/token` },
      user: { url: `${upstream}/user`, sub: 'id', name: 'name', account: 'login' },
      scopes: { default: ['read'] },
    }),
  })
  await auth.ready()
  await frameworks[framework](port, auth, mcp({ auth, server: toolServer, responses }))
  return { mcpPath: '/mcp', resource: auth.resource, scope: 'read' }
}

const stores = {
  memory: () => memory(),
  async sqlite() {
    const { mkdtempSync, rmSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const { join } = await import('node:path')
    const { sqlite } = await import('@drawbridge/sqlite')
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-bench-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    return sqlite({ path: join(folder, 'auth.db') })
  },
}

const frameworks = {
  async hono(port, auth, server) {
    const { drawbridge, protect } = await import('@drawbridge/hono')
    const { serve } = await import('@hono/node-server')
    const { Hono } = await import('hono')
    const app = new Hono().use(drawbridge(server)).get('/route', protect(auth), (c) => c.json({ ok: true }))
    await new Promise((resolve) => serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, resolve))
  },
  async express(port, auth, server) {
    const { drawbridge, protect } = await import('@drawbridge/express')
    const { default: express } = await import('express')
    const app = express().use(drawbridge(server))
    app.get('/route', protect(auth), (_request, response) => response.json({ ok: true }))
    await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve))
  },
  async fastify(port, auth, server) {
    const { drawbridge, protect } = await import('@drawbridge/fastify')
    const { default: fastify } = await import('fastify')
    const app = fastify()
    await app.register(drawbridge(server))
    app.get('/route', { onRequest: protect(auth) }, async () => ({ ok: true }))
    await app.listen({ port, host: '127.0.0.1' })
  },
}
