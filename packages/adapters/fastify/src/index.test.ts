import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createGunzip, gzipSync } from 'node:zlib'
import type { AuthInfo, Mountable } from '@drawbridge/core'
import { adapterContract, fakeAuth, type StartApp } from '@drawbridge/testing'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { drawbridge, protect, type RegisteredUser } from './index.ts'

const start: StartApp = async ({ mounted = [], below = '', guarded }) => {
  const app = fastify({ forceCloseConnections: true })
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-app', 'yes').header('set-cookie', 'app=1')
  })
  app.setErrorHandler((error: Error, _request, reply) =>
    reply.code(500).type('text/plain').send(`application: ${error.message}`),
  )
  for (const x of mounted) {
    if (below) mountBelow(app, below, x)
    else await app.register(drawbridge(x))
  }
  if (guarded) {
    app.all(
      '/guarded',
      { onRequest: protect(guarded.auth, { scopes: guarded.scopes }) },
      async (request) => ({
        reached: await guarded.handler(() => request.auth),
      }),
    )
  }
  app.post('/app', async (request) => ({ body: request.body }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, close: () => app.close() }
}

describe('the adapter contract', () => {
  for (const c of adapterContract({ prefixes: true })) it(c.name, () => c.run(start))
})

const wellKnown = '/.well-known/oauth-authorization-server/api'
const auth = fakeAuth({
  users: { alice: { subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } } },
})
const asAlice = { authorization: 'Bearer alice' }

describe('prefixes', () => {
  it('register() with the prefix of the issuer serves every path at its place', async () => {
    const { app, warnings } = logging()
    await app.register(drawbridge(probe('/api/token', wellKnown)), { prefix: '/api' })
    expect((await app.inject('/api/token')).body).toBe('/api/token')
    expect((await app.inject(wellKnown)).body).toBe(wellKnown)
    expect((await app.inject('/api/api/token')).statusCode).toBe(404)
    expect(warnings()).toEqual([])
  })

  for (const prefix of ['/api', '/api/']) {
    it(`an instance with the prefix ${prefix} serves what lies below it, and says what it cannot`, async () => {
      const { app, warnings } = logging()
      mountBelow(app, prefix, probe('/api/token', wellKnown))
      expect((await app.inject('/api/token')).body).toBe('/api/token')
      expect((await app.inject(wellKnown)).statusCode).toBe(404)
      expect(warnings()).toEqual([
        expect.stringContaining(`cannot serve ${wellKnown}. Register drawbridge(x) on the root`),
      ])
    })
  }

  for (const rootFirst of [true, false]) {
    it(`registered on the root and below a prefix serves all, root first: ${rootFirst}`, async () => {
      const { app, warnings } = logging()
      const x = probe('/api/token', wellKnown)
      if (rootFirst) app.register(drawbridge(x))
      mountBelow(app, '/api', x)
      if (!rootFirst) app.register(drawbridge(x))
      expect((await app.inject('/api/token')).body).toBe('/api/token')
      expect((await app.inject(wellKnown)).body).toBe(wellKnown)
      expect(warnings()).toEqual([])
    })
  }

  it.each([{ ignoreTrailingSlash: true }, { routerOptions: { ignoreTrailingSlash: true } }])(
    'paths that differ by a slash at the end are one where the application has it so: %o',
    async (options) => {
      const app = fastify(options as FastifyServerOptions)
      await app.register(drawbridge(probe('/mcp', '/mcp/')))
      expect((await app.inject('/mcp')).body).toBe('/mcp')
      expect((await app.inject('/mcp/')).body).toBe('/mcp/')
      await app.close()
    },
  )

  it('a prefix the issuer does not have is named, with where it belongs', async () => {
    const { app, warnings } = logging()
    await app.register(drawbridge(probe('/token', '/mcp')), { prefix: '/api' })
    expect((await app.inject('/token')).body).toBe('/token')
    expect(warnings()).toEqual([expect.stringMatching(/"\/api" has no effect.*\/token, \/mcp.*into issuer/)])
  })

  it('a resource at the prefix itself is served', async () => {
    const { app } = logging()
    mountBelow(app, '/api', probe('/api'))
    expect((await app.inject('/api')).body).toBe('/api')
  })

  it('a route the application already has is an error, not a silent choice', async () => {
    const app = fastify()
    app.get('/token', () => 'mine')
    await expect(async () => await app.register(drawbridge(probe('/token')))).rejects.toThrow(
      /already declared/,
    )
  })

  it('rewriteUrl decides the path', async () => {
    const app = fastify({ rewriteUrl: (request) => request.url?.replace('/public', '') ?? '/' })
    await app.register(drawbridge(probe('/token')))
    expect((await app.inject('/public/token')).body).toBe('/token')
  })
})

describe('bodies', () => {
  it('are left alone by parsers, parser limits and body limits of the application', async () => {
    const app = fastify({ bodyLimit: 4 })
    app.addContentTypeParser(/^application/, { parseAs: 'string' }, () => {
      throw new Error('parsed')
    })
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, () => {
      throw new Error('parsed')
    })
    await app.register(drawbridge(echo))
    for (const type of ['application/x-www-form-urlencoded', 'application/json']) {
      const response = await app.inject({
        method: 'POST',
        url: '/token',
        headers: { 'content-type': type },
        payload: 'a=1&a=2',
      })
      expect(response.body).toBe(`${type} a=1&a=2`)
    }
  })

  it('are parsed as before everywhere else', async () => {
    const app = fastify()
    await app.register(drawbridge(echo))
    app.post('/app', (request) => request.body)
    expect((await app.inject({ method: 'POST', url: '/app', payload: { a: 1 } })).json()).toEqual({ a: 1 })
    const form = {
      method: 'POST',
      url: '/app',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'a=1',
    } as const
    expect((await app.inject(form)).statusCode).toBe(415)
  })

  it('are not said to have the length or the encoding they had before a preParsing hook', async () => {
    const app = fastify()
    app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip()))
    const x = mounting(['/token'], async ({ headers }) =>
      Response.json([headers.get('content-length'), headers.get('content-encoding')]),
    )
    await app.register(drawbridge(x))
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
    const response = await app.inject({ method: 'POST', url: '/token', headers, payload: gzipSync('abc') })
    expect(response.json()).toEqual([null, null])
  })

  it('come from preParsing hooks when those replace them', async () => {
    const app = fastify()
    app.addHook('preParsing', async (_request, _reply, payload) => {
      const upper = (await text(payload)).toUpperCase()
      return Readable.from([Buffer.from(upper)])
    })
    await app.register(drawbridge(echo))
    const response = await app.inject({
      method: 'POST',
      url: '/token',
      headers: { 'content-type': 'text/plain' },
      payload: 'abc',
    })
    expect(response.body).toBe('text/plain ABC')
  })
})

describe('a body that a hook has read', () => {
  const hooks: Record<string, (app: FastifyInstance) => void> = {
    'from the socket': (app) =>
      app.addHook('preHandler', async (request) => {
        await text(request.raw)
      }),
    'from request.body': (app) =>
      app.addHook('preHandler', async (request) => {
        await text(request.body as Readable)
      }),
    'before it was passed on': (app) =>
      app.addHook('preParsing', async (_request, _reply, payload) => {
        await text(payload)
        return payload
      }),
  }
  for (const [name, add] of Object.entries(hooks)) {
    it(`is named as that, rather than empty: ${name}`, async () => {
      const app = fastify()
      add(app)
      await app.register(drawbridge(bodyFailure))
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const response = await fetch(`${url}/token`, { method: 'POST', body: 'a=1' })
      expect(await response.text()).toMatch(/^UnreadableBody: .*preParsing/)
      await app.close()
    })
  }
})

it("leaves what the mounted server does not answer to the application's own 404", async () => {
  const app = fastify()
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('lost'))
  await app.register(drawbridge(mounting(['/token'], async () => undefined)))
  const response = await app.inject('/token')
  expect([response.statusCode, response.body]).toEqual([404, 'lost'])
})

it("runs the application's hooks before what is mounted", async () => {
  const app = fastify()
  app.addHook('preHandler', async (_request, reply) => reply.code(403).send('not from here'))
  await app.register(drawbridge(probe('/token')))
  expect((await app.inject('/token')).body).toBe('not from here')
})

it('takes the client address that trustProxy lets Fastify find', async () => {
  const app = fastify({ trustProxy: '127.0.0.1' })
  await app.register(
    drawbridge(mounting(['/token'], async (_request, context) => new Response(context?.clientAddress))),
  )
  const response = await app.inject({ url: '/token', headers: { 'x-forwarded-for': '192.0.2.7' } })
  expect(response.body).toBe('192.0.2.7')
})

describe('on HTTP/2', () => {
  const request = async (x: Mountable, headers = {}) => {
    const app = fastify({ http2: true })
    await app.register(drawbridge(x))
    await app.listen({ port: 0, host: '127.0.0.1' })
    const session = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
    const stream = session.request({
      ':path': '/token',
      ':method': 'POST',
      'content-type': 'text/plain',
      ...headers,
    })
    stream.end('abc')
    const [{ ':status': status }] = await once(stream, 'response')
    const body = await text(stream)
    session.close()
    await app.close()
    return [status, body]
  }

  it('bodies and answers pass, whatever Host says', async () => {
    expect(await request(echo)).toEqual([200, 'text/plain abc'])
    expect(await request(echo, { host: 'other.example' })).toEqual([200, 'text/plain abc'])
  })

  it('a request whose client has gone is aborted', async () => {
    const app = fastify({ http2: true })
    let aborted: Promise<unknown> | undefined
    const waiting = async ({ signal }: Request) => {
      aborted = once(signal, 'abort')
      return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
    }
    await app.register(drawbridge(mounting(['/token'], waiting)))
    await app.listen({ port: 0, host: '127.0.0.1' })
    const session = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
    const stream = session.request({ ':path': '/token' })
    await once(stream, 'response')
    stream.close()
    await aborted
    session.close()
    await app.close()
  })

  it('the host a client asked for is where it is on HTTP/1', async () => {
    const host = mounting(['/token'], async ({ headers }) => new Response(headers.get('host')))
    expect(await request(host, { ':authority': 'evil.example' })).toEqual([200, 'evil.example'])
  })
})

describe('protect()', () => {
  it('guards as onRequest, as preHandler, and as a hook of a scope', async () => {
    const app = fastify()
    await app.register(drawbridge(auth))
    expect(app.hasRequestDecorator('auth')).toBe(true)
    const guard = protect(auth, { scopes: ['files:read'] })
    app.get('/a', { onRequest: guard }, (request) => request.auth?.extra.subject)
    app.get<{ Params: { id: string } }>(
      '/b/:id',
      { preHandler: [guard] },
      (request) => request.auth?.extra.subject,
    )
    app.register((scope, _options, done) => {
      scope.addHook('onRequest', guard)
      scope.get('/c', (request) => request.auth?.extra.subject)
      done()
    })
    for (const url of ['/a', '/b/1', '/c']) {
      const refused = await app.inject(url)
      expect([refused.statusCode, refused.body]).toEqual([401, ''])
      expect(refused.headers['www-authenticate']).toContain('resource_metadata="')
      expect((await app.inject({ url, headers: asAlice })).body).toBe('github|1')
    }
  })

  it('answers the preflight of a route beside it', async () => {
    const app = fastify()
    app.get('/files', { onRequest: protect(auth) }, () => 'files')
    app.options('/files', { onRequest: protect(auth) }, () => {})
    expect((await app.inject({ method: 'OPTIONS', url: '/files' })).statusCode).toBe(204)
    expect((await app.inject('/files')).statusCode).toBe(401)
  })

  it('leaves the body to the handler', async () => {
    const app = fastify()
    app.post('/a', { onRequest: protect(auth) }, (request) => request.body)
    const response = await app.inject({ method: 'POST', url: '/a', headers: asAlice, payload: { a: 1 } })
    expect(response.json()).toEqual({ a: 1 })
  })

  it('types request.auth, and its user once registered', () => {
    fastify().get('/', { onRequest: protect(auth) }, (request) => {
      expectTypeOf(request.auth).toEqualTypeOf<AuthInfo | undefined>()
    })
    expectTypeOf<RegisteredUser>().toEqualTypeOf<unknown>()
    expectTypeOf<RegisteredUser<{ user: { login: string } }>>().toEqualTypeOf<{ login: string }>()
  })
})

function mountBelow(app: FastifyInstance, prefix: string, x: Mountable): void {
  app.register(
    (child, _options, done) => {
      child.register(drawbridge(x))
      done()
    },
    { prefix },
  )
}

function mounting(paths: readonly string[], handle: Mountable['handle']): Mountable {
  return { routes: paths.map((path) => ({ path, methods: ['GET', 'POST'] })), handle }
}

/** Answers its own paths with the path. */
function probe(...paths: readonly string[]): Mountable {
  return mounting(paths, async (request) => {
    const { pathname } = new URL(request.url)
    return paths.includes(pathname) ? new Response(pathname) : undefined
  })
}

const echo = mounting(
  ['/token'],
  async (request) => new Response(`${request.headers.get('content-type')} ${await request.text()}`),
)

/** Answers with why the body could not be read. */
const bodyFailure = mounting(['/token'], async (request) =>
  request.text().then(
    (body) => new Response(`read: ${body}`),
    (error) => new Response(`${error.name}: ${error.message}`),
  ),
)

function logging() {
  const lines: string[] = []
  const logger: FastifyServerOptions['logger'] = {
    level: 'warn',
    stream: { write: (line) => void lines.push(line) },
  }
  return { app: fastify({ logger }), warnings: () => lines.map((line): unknown => JSON.parse(line).msg) }
}
