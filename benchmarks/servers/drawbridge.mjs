import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory, oauthProxy } from '@drawbridge/core'
import { mcp } from '@drawbridge/mcp'
import { oauth2 } from '@drawbridge/oidc'
import { toolServer } from './tool-server.mjs'

/** Drawbridge as its README sets it up, with the options' defaults, on a framework and a store. */
export async function start({ port, upstream, framework, storage: kept, responses }) {
  const { storage, stop } = await stores[kept]()
  const auth = oauthProxy({
    issuer: `http://127.0.0.1:${port}`,
    secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
    storage,
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
  return { mcpPath: '/mcp', resource: auth.resource, scope: 'read', stop }
}

/** Each with what removes again what it has left somewhere. */
const stores = {
  memory: () => ({ storage: memory() }),
  async sqlite() {
    const { sqlite } = await import('@drawbridge/sqlite')
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-bench-'))
    return {
      storage: sqlite({ path: join(folder, 'auth.db') }),
      stop: () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  async postgres() {
    const { createSchema, postgres } = await import('@drawbridge/postgres')
    const { default: pg } = await import('pg')
    const connectionString = process.env.BENCH_POSTGRES_URL
    const schema = `drawbridge_bench_${randomUUID()}`
    const owner = new pg.Pool({ connectionString, max: 1 })
    await owner.query(`CREATE SCHEMA "${schema}"`)
    const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}` })
    await createSchema(pool)
    return {
      storage: postgres({ pool }),
      stop: () => owner.query(`DROP SCHEMA "${schema}" CASCADE`),
    }
  },
  async redis() {
    const { redis } = await import('@drawbridge/redis')
    const { createClient } = await import('redis')
    const client = createClient({ url: process.env.BENCH_REDIS_URL })
    client.on('error', (error) => console.error('redis:', error.message))
    await client.connect()
    const prefix = `drawbridge-bench-${randomUUID()}:`
    return {
      storage: redis({ client, prefix }),
      async stop() {
        for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }))
          if (keys.length > 0) await client.unlink(keys)
      },
    }
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
