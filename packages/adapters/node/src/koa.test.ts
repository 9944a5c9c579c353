import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { AuthInfo } from '@drawbridge/core'
import { adapterContract, type StartApp } from '@drawbridge/testing'
import Koa from 'koa'
import { describe, it } from 'vitest'
import { drawbridge, protect } from './koa.fixture.ts'
import { listening } from './listening.fixture.ts'

const start: StartApp = ({ mounted = [], below = '', guarded }) => {
  const app = new Koa<{ auth?: AuthInfo }>()
  app.silent = true
  app.use(async (ctx, next) => {
    ctx.set('x-app', 'yes')
    ctx.append('set-cookie', 'app=1')
    await next().catch((error) => {
      if (ctx.res.headersSent) throw error
      ctx.status = 500
      ctx.body = `application: ${error.message}`
    })
  })
  for (const handler of mounted.map((x) => drawbridge(x))) {
    app.use((ctx, next) => (ctx.path.startsWith(below) ? handler(ctx, next) : next()))
  }
  if (guarded) {
    const guard = protect(guarded.auth, { scopes: guarded.scopes })
    app.use((ctx, next) => (ctx.path === '/guarded' ? guard(ctx, next) : next()))
  }
  app.use(async (ctx) => {
    if (ctx.path === '/guarded') ctx.body = { reached: await guarded?.handler(() => ctx.state.auth) }
    else if (ctx.path === '/app') ctx.body = { body: await json(ctx.req) }
  })
  return listening(createServer(app.callback()))
}

describe('the adapter contract, on what CONTRIBUTING shows for Koa', () => {
  for (const c of adapterContract()) it(c.name, () => c.run(start))
})
