import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { AuthInfo, Mountable, RequestContext } from '@drawbridge/core'
import { adapterContract, fakeAuth, type RunningApp, type StartApp } from '@drawbridge/testing'
import { serve } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { setCookie } from 'hono/cookie'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type AuthEnv, drawbridge, protect } from './index.ts'

const form = 'grant_type=refresh_token&resource=a&resource=b%2Fc'
const json = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

const start: StartApp = async ({ mounted = [], below = '', guarded }) => {
  const app = new Hono()
  app.use(async (c, next) => {
    c.res.headers.set('x-app', 'yes')
    c.res.headers.append('set-cookie', 'app=1')
    await next()
  })
  for (const x of mounted) {
    if (below) app.route(below, new Hono().use(drawbridge(x)))
    else app.use(drawbridge(x))
  }
  if (guarded) {
    app.all('/guarded', protect(guarded.auth, { scopes: guarded.scopes }), async (c) =>
      c.json({ reached: (await guarded.handler(() => c.get('auth'))) as string }),
    )
  }
  app.post('/app', async (c) => c.json({ body: await c.req.json() }))
  app.onError((error, c) => c.text(`application: ${error.message}`, 500))

  return listening(app)
}

describe('the adapter contract', () => {
  for (const c of adapterContract({ prefixes: true })) it(c.name, () => c.run(start))
})

describe('a body that an earlier middleware read', () => {
  const readers: Record<string, (c: Context) => Promise<unknown>> = {
    'c.req.parseBody()': (c) => c.req.parseBody(),
    'c.req.formData()': (c) => c.req.formData(),
    'c.req.text()': (c) => c.req.text(),
    'c.req.arrayBuffer()': (c) => c.req.arrayBuffer(),
    'c.req.blob()': (c) => c.req.blob(),
  }
  for (const [name, read] of Object.entries(readers)) {
    it(`arrives whole after ${name}, in process and under Node`, async () => {
      const app = new Hono().use(before(read)).use(drawbridge(bodyEcho))
      const init = { method: 'POST', headers: { 'content-type': formType }, body: form }
      expect(await (await app.request('/token', init)).json()).toEqual([formType, null, form])

      const { url, close } = await listening(app)
      expect(await (await fetch(`${url}/token`, init)).json()).toEqual([formType, null, form])
      await close()
    })
  }

  it('arrives whole after c.req.json()', async () => {
    const app = new Hono().use(before((c) => c.req.json())).use(drawbridge(bodyEcho))
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: json }
    expect(await (await app.request('/token', init)).json()).toEqual(['application/json', null, json])
  })

  it('is missed only by who needs it when it was read past Hono', async () => {
    const app = new Hono().use(before((c) => c.req.raw.text()))
    app.use(drawbridge(bodyEcho)).post('/other', (c) => c.text('other'))
    app.onError((error, c) => c.text(error.message, 500))
    expect(await (await app.request('/other', { method: 'POST', body: 'x' })).text()).toBe('other')
    const response = await app.request('/token', { method: 'POST', body: 'x' })
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('Mount drawbridge() first')
  })
})

describe('a body that cannot be given back', () => {
  const answer = async (read: (c: Context) => Promise<unknown>, body: BodyInit) => {
    const app = new Hono().use(before(read)).use(drawbridge(bodyFailure))
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
    return (await app.request('/token', init as RequestInit)).text()
  }

  it('names the mistake where it was read past Hono', async () => {
    expect(await answer((c) => c.req.raw.text(), '{}')).toMatch(
      /^UnreadableBody: .*Mount drawbridge\(\) first/,
    )
  })

  it('says so where its JSON is nested too deeply to be written again', async () => {
    const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const keepOnlyParsed = async (c: Context) => {
      const { bodyCache } = c.req
      bodyCache.json = Promise.resolve(await c.req.json())
      delete bodyCache.text
    }
    expect(await answer(keepOnlyParsed, body)).toMatch(/^UnreadableBody: .*nested too deeply/)
  })

  it('is one that broke off, where that is why an earlier middleware could not read it', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
    expect(await answer((c) => c.req.text().catch(() => {}), body)).toMatch(/^TypeError: /)
  })
})

describe('the context of a request', () => {
  it('has waitUntil where the platform has it', async () => {
    const work: Promise<unknown>[] = []
    const executionCtx = {
      waitUntil: (p: Promise<unknown>) => void work.push(p),
      passThroughOnException() {},
      props: {},
    }
    const { x, contexts } = contextProbe()
    const app = new Hono().use(drawbridge(x))
    await app.request('/token', {}, {}, executionCtx)
    const later = Promise.resolve()
    contexts[0]?.waitUntil?.(later)
    expect(work).toEqual([later])
  })

  it('is empty where nothing is known, rather than an error', async () => {
    const { x, contexts } = contextProbe()
    await new Hono().use(drawbridge(x)).request('/token')
    expect(contexts).toEqual([{ clientAddress: undefined, waitUntil: undefined }])
  })

  it('has the client address from where it is said to be', async () => {
    const { x, contexts } = contextProbe()
    const app = new Hono().use(drawbridge(x, { clientAddress: (c) => c.req.header('x-real-ip') }))
    await app.request('/token', { headers: { 'x-real-ip': '192.0.2.7' } })
    expect(contexts[0]?.clientAddress).toBe('192.0.2.7')
  })
})

it('keeps cookies that setCookie() of an earlier middleware prepared', async () => {
  const app = new Hono().use(async (c, next) => {
    setCookie(c, 'session', '1')
    await next()
  })
  const headers = new Headers([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ])
  app.use(drawbridge(mounting(async () => new Response('x', { status: 201, headers }))))
  const response = await app.request('/token')
  expect(response.status).toBe(201)
  expect(response.headers.getSetCookie()).toEqual(['session=1; Path=/', 'a=1', 'b=2'])
})

it('guards a whole tree of routes', async () => {
  const auth = fakeAuth({ users: { alice: { subject: 'github|1', user: { login: 'alice' } } } })
  const app = new Hono<AuthEnv<{ login: string }>>().use('/files/*', protect(auth))
  app.get('/files/:name', (c) => c.text(c.var.auth.extra.user.login))
  expect((await app.request('/files/a')).status).toBe(401)
  const response = await app.request('/files/a', { headers: { authorization: 'Bearer alice' } })
  expect(await response.text()).toBe('alice')
})

it('answers the preflight of a route beside it', async () => {
  const guard = protect(fakeAuth({ users: {} }))
  const app = new Hono().get('/files', guard, (c) => c.text('files')).options('/files', guard)
  expect((await app.request('/files', { method: 'OPTIONS' })).status).toBe(204)
  expect((await app.request('/files')).status).toBe(401)
})

it('types c.get by the Auth it was given', () => {
  const auth = fakeAuth({ users: { alice: { subject: 'github|1', user: { login: 'alice' } } } })
  new Hono().get('/', protect(auth, { scopes: ['files:read'] }), (c) => {
    expectTypeOf(c.get('auth')).toEqualTypeOf<AuthInfo<{ login: string }>>()
    expectTypeOf(c.var.auth.extra.user.login).toEqualTypeOf<string>()
    return c.text('')
  })
})

it('imports nothing of Node, so that it runs wherever Hono does', () => {
  const sources = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'))
  expect(sources).toContain('index.ts')
  for (const name of sources) {
    const source = readFileSync(`${import.meta.dirname}/${name}`, 'utf8')
    expect(source).not.toMatch(/from 'node:|\b(Buffer|process)\b/)
  }
})

const formType = 'application/x-www-form-urlencoded'

function before(work: (c: Context) => Promise<unknown>): MiddlewareHandler {
  return async (c, next) => {
    await work(c)
    await next()
  }
}

/** With the server's default, which is to replace the global Request and Response. */
async function listening(app: Hono): Promise<RunningApp> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

function mounting(answer: Mountable['handle']): Mountable {
  return {
    routes: [{ path: '/token', methods: ['POST'] }],
    handle: async (request, context) =>
      new URL(request.url).pathname === '/token' ? answer(request, context) : undefined,
  }
}

const bodyEcho = mounting(async (request) =>
  Response.json([
    request.headers.get('content-type'),
    request.headers.get('content-length'),
    await request.text(),
  ]),
)

/** Answers with why the body could not be read. */
const bodyFailure = mounting(async (request) =>
  request.text().then(
    (body) => new Response(`read: ${body}`),
    (error) => new Response(`${error.name}: ${error.message}`),
  ),
)

function contextProbe() {
  const contexts: (RequestContext | undefined)[] = []
  const x = mounting(async (_request, context) => {
    contexts.push(context)
    return new Response()
  })
  return { x, contexts }
}
