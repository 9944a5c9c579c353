import {
  type Auth,
  type AuthInfo,
  checkMounted,
  type Mountable,
  mounted,
  type ScopeNeed,
} from '@drawbridge/core'
import type { Context, Middleware } from 'koa'
// In a package of its own: from '@drawbridge/node/bridge'.
import { fault, goingOn, requestHead, send, toRequest } from './bridge.ts'

const advice = 'Mount drawbridge() first, or leave what a body parser made of it in ctx.request.body.'

/** Mounts an `mcp()`, an `Auth` alone, or a list of them, as middleware. Paths that are not its own go on to the next one. */
export function drawbridge(x: Mountable | readonly Mountable[]): Middleware {
  const all = mounted(x)
  return async (ctx, next) => {
    const { body: parsed } = ctx.request as { body?: unknown }
    const request = toRequest(ctx.req, ctx.res, { target: ctx.originalUrl, parsed, advice })
    const response = await all.handle(request, { clientAddress: ctx.ip }).catch(rethrown)
    if (response) return answer(ctx, response)
    goingOn(all, request, ctx.res)
    await next()
  }
}

/** Guards what comes after it: who a request acts for is in `ctx.state.auth`. */
export function protect<User>(auth: Auth<User>, need?: ScopeNeed): Middleware<{ auth?: AuthInfo<User> }> {
  checkMounted('protect', auth, need)
  return async (ctx, next) => {
    const head = requestHead(ctx.req, ctx.originalUrl)
    const result = await auth.authenticate(head, need).catch(rethrown)
    if (!result.ok) return answer(ctx, result.response)
    ctx.state.auth = result.auth
    await next()
  }
}

/** Past Koa's own answer, which would follow. */
async function answer(ctx: Pick<Context, 'res' | 'respond'>, response: Response): Promise<void> {
  await send(ctx.res, response)
  ctx.respond = false
}

/** Koa takes no error at all for none, and then says nothing to the client. */
function rethrown(thrown: unknown): never {
  throw fault(thrown)
}
