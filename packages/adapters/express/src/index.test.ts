import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import type { AuthInfo, Mountable } from '@drawbridge/core'
import { adapterContract, fakeAuth, type RunningApp, type StartApp } from '@drawbridge/testing'
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { drawbridge, protect, type RegisteredUser } from './index.ts'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

const guard = protect(fakeAuth({ users: { alice: { subject: 'github|1', user: {} } } }))
const formType = 'application/x-www-form-urlencoded'
const form = 'grant_type=refresh_token&resource=a&resource=b%2Fc&scope='
const json = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[1,null,"ü"]}}'

for (const [version, express] of Object.entries({ 'Express 4': express4, 'Express 5': express5 })) {
  const start: StartApp = async ({ mounted = [], below = '', guarded }) => {
    const app = express()
    app.use((_req, res, next) => {
      res.set('x-app', 'yes').append('set-cookie', 'app=1')
      next()
    })
    for (const x of mounted) {
      if (below) app.use(below, express.Router().use(drawbridge(x)))
      else app.use(drawbridge(x))
    }
    if (guarded) {
      app.all('/guarded', protect(guarded.auth, { scopes: guarded.scopes }), (req, res, next) => {
        guarded.handler(() => req.auth).then((reached) => res.json({ reached }), next)
      })
    }
    app.post('/app', express.json(), (req, res) => {
      res.json({ body: req.body })
    })
    app.use(onError)
    return listening(app)
  }

  describe(`the adapter contract, on ${version}`, () => {
    for (const c of adapterContract({ prefixes: true })) it(c.name, () => c.run(start))
  })

  describe(`a body parser before drawbridge(), on ${version}`, () => {
    const post = async (parsers: RequestHandler[], type: string, body: BodyInit, headers = {}) => {
      const app = express().use(...parsers, drawbridge(bodyEcho))
      app.use(onError)
      const { url, close } = await listening(app)
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { 'content-type': type, ...headers },
        body,
      })
      const answer = await response.text()
      await close()
      return answer
    }
    const arrived = (body: string) => JSON.stringify({ length: null, encoding: null, body })

    it('gives JSON back', async () => {
      expect(await post([express.json()], 'application/json', json)).toBe(arrived(json))
    })

    it('gives JSON back that was compressed', async () => {
      const packed = await post([express.json()], 'application/json', gzipSync(json), {
        'content-encoding': 'gzip',
      })
      expect(packed).toBe(arrived(json))
    })

    for (const extended of [true, false]) {
      it(`gives a form back with its repeated parameters, extended: ${extended}`, async () => {
        expect(await post([express.urlencoded({ extended })], formType, form)).toBe(arrived(form))
      })
    }

    it('drops what extended forms make objects of, rather than invent a value', async () => {
      const body = 'client_id[a]=b&code=c'
      expect(await post([express.urlencoded({ extended: true })], formType, body)).toBe(arrived('code=c'))
    })

    it('gives texts and buffers back as they are', async () => {
      expect(await post([express.text({ type: '*/*' })], formType, form)).toBe(arrived(form))
      expect(await post([express.raw({ type: '*/*' })], 'application/json', json)).toBe(arrived(json))
    })

    it('does not matter when it had nothing to parse', async () => {
      // Express 4 sets req.body to {} all the same.
      const answer = await post([express.json(), express.text()], formType, form)
      expect(JSON.parse(answer)).toEqual({ length: String(form.length), encoding: null, body: form })
    })

    it('that leaves no req.body is named in an error, where the body is needed', async () => {
      const swallow: RequestHandler = (req, _res, next) => void text(req).then(() => next(), next)
      expect(await post([swallow], formType, form)).toMatch(/^application: .*Mount drawbridge\(\) first/)

      const app = express().use(swallow, drawbridge(bodyEcho), guard, (_req, res) => void res.send('other'))
      const { url, close } = await listening(app)
      const headers = { authorization: 'Bearer alice' }
      expect(await (await fetch(`${url}/other`, { method: 'POST', headers, body: 'x' })).text()).toBe('other')
      await close()
    })
  })

  describe(`a body that cannot be given back, on ${version}`, () => {
    const post = async (before: RequestHandler, body: string) => {
      const { url, close } = await listening(express().use(before, drawbridge(bodyFailure)))
      const headers = { 'content-type': 'application/json' }
      const answer = await (await fetch(`${url}/token`, { method: 'POST', headers, body })).text()
      await close()
      return answer
    }

    it('says so where its JSON is nested too deeply to be written again', async () => {
      const parser = express.json({ limit: '1mb' })
      for (const levels of [5000, 100_000]) {
        const body = `${'['.repeat(levels)}${']'.repeat(levels)}`
        expect(await post(parser, body)).toMatch(/^UnreadableBody: .*nested too deeply/)
      }
    })

    it('names the mistake where a parser left what is no JSON', async () => {
      for (const left of [{ a: 1n }, () => {}, Symbol('a')]) {
        const parser: RequestHandler = (req, _res, next) =>
          void text(req).then(() => {
            req.body = left
            next()
          }, next)
        expect(await post(parser, '{}')).toMatch(/^UnreadableBody: .*Mount drawbridge\(\) first/)
      }
    })

    it('names the mistake where nothing was left of it', async () => {
      const swallow: RequestHandler = (req, _res, next) => void text(req).then(() => next(), next)
      expect(await post(swallow, '{}')).toMatch(/^UnreadableBody: .*Mount drawbridge\(\) first/)
    })
  })

  it(`gives a body as bytes although its encoding was set, on ${version}`, async () => {
    const app = express().use(
      (req, _res, next) => next(req.setEncoding('latin1') && undefined),
      drawbridge(bodyEcho),
    )
    const { url, close } = await listening(app)
    const response = await fetch(`${url}/token`, { method: 'POST', body: 'a=ü' })
    expect(await response.json()).toMatchObject({ body: 'a=ü' })
    await close()
  })

  it(`leaves the body to the guarded handler's own parser, on ${version}`, async () => {
    const app = express().use(guard, express.json(), (req, res) => void res.json(req.body))
    const { url, close } = await listening(app)
    const headers = { authorization: 'Bearer alice', 'content-type': 'application/json' }
    expect(await (await fetch(url, { method: 'POST', headers, body: json })).text()).toBe(json)
    await close()
  })

  it(`answers the preflight of a route beside it, on ${version}`, async () => {
    const app = express().get('/files', guard, (_req, res) => void res.send('files'))
    app.options('/files', guard)
    const { url, close } = await listening(app)
    const headers = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-a' }
    expect((await fetch(`${url}/files`, { method: 'OPTIONS', headers })).status).toBe(204)
    expect((await fetch(`${url}/files`)).status).toBe(401)
    await close()
  })

  it(`needs no Host, on ${version}`, async () => {
    const { url, close } = await listening(express().use(drawbridge(bodyEcho)))
    for (const head of [
      'GET /token HTTP/1.0\r\n',
      'GET /token HTTP/1.1\r\nConnection: close\r\nHost: ][\r\n',
    ]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.write(`${head}\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1.1 200/)
    }
    await close()
  })

  it(`takes the client address that "trust proxy" lets Express find, on ${version}`, async () => {
    const app = express().use(
      drawbridge(mounting(async (_request, context) => new Response(context?.clientAddress))),
    )
    app.set('trust proxy', 'loopback')
    const { url, close } = await listening(app)
    const response = await fetch(`${url}/token`, { headers: { 'x-forwarded-for': '192.0.2.7' } })
    expect(await response.text()).toBe('192.0.2.7')
    await close()
  })
}

it('types req.auth, and its user once registered', () => {
  express5().get(
    '/',
    protect(fakeAuth({ users: { alice: { subject: 'github|1', user: { login: 'alice' } } } })),
    (req) => {
      expectTypeOf(req.auth).toEqualTypeOf<AuthInfo | undefined>()
    },
  )
  expectTypeOf<RegisteredUser>().toEqualTypeOf<unknown>()
  expectTypeOf<RegisteredUser<{ user: { login: string } }>>().toEqualTypeOf<{ login: string }>()
})

function mounting(answer: Mountable['handle']): Mountable {
  return {
    routes: [{ path: '/token', methods: ['POST'] }],
    handle: async (request, context) =>
      new URL(request.url).pathname === '/token' ? answer(request, context) : undefined,
  }
}

const bodyEcho = mounting(async (request) =>
  Response.json({
    length: request.headers.get('content-length'),
    encoding: request.headers.get('content-encoding'),
    body: await request.text(),
  }),
)

/** Answers with why the body could not be read. */
const bodyFailure = mounting(async (request) =>
  request.text().then(
    (body) => new Response(`read: ${body}`),
    (error) => new Response(`${error.name}: ${error.message}`),
  ),
)

const onError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) next(error)
  else res.status(500).type('text').send(`application: ${error.message}`)
}

async function listening(app: Express): Promise<RunningApp> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
