import { createServer, type IncomingMessage } from 'node:http'
import { json, text } from 'node:stream/consumers'
import type { AuthInfo } from '@drawbridge/core'
import { adapterContract, fakeAuth, type StartApp } from '@drawbridge/testing'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import type { NodeRequest } from './bridge.ts'
import { drawbridge, type GuardedRequest, type Next, protect } from './index.ts'
import { listening, mounting } from './listening.fixture.ts'

/** Bare `node:http`, with what an application of some size would write around it. */
const start: StartApp = ({ mounted = [], below = '', guarded }) => {
  const handlers = mounted.map((x) => drawbridge(x))
  const guard = guarded && protect(guarded.auth, { scopes: guarded.scopes })
  return listening(
    createServer((req: GuardedRequest<unknown, IncomingMessage>, res) => {
      res.setHeader('x-app', 'yes')
      res.appendHeader('set-cookie', 'app=1')
      const failed = (error: Error) => {
        if (res.headersSent) res.destroy()
        else res.writeHead(500).end(`application: ${error.message}`)
      }
      const { pathname } = URL.parse(req.url ?? '/', 'http://localhost') ?? { pathname: '' }
      const own = () => {
        if (pathname === '/app') {
          json(req).then((body) => res.end(JSON.stringify({ body })), failed)
        } else if (pathname === '/guarded' && guard) {
          guard(req, res, (error?: unknown) => {
            if (error) failed(error as Error)
            else
              guarded.handler(() => req.auth).then((reached) => res.end(JSON.stringify({ reached })), failed)
          })
        } else res.writeHead(404).end()
      }
      const from =
        (index: number): Next =>
        (error) => {
          const handler = handlers[index]
          if (error) failed(error as Error)
          else if (handler && pathname.startsWith(below)) handler(req, res, from(index + 1))
          else own()
        }
      from(0)()
    }),
  )
}

describe('the adapter contract', () => {
  for (const c of adapterContract()) it(c.name, () => c.run(start))
})

describe('as the whole server', () => {
  it('answers 404 to what is not its own', async () => {
    const { url, close } = await listening(createServer(drawbridge(echo)))
    const [own, other] = [
      await fetch(`${url}/token`),
      await fetch(`${url}/other`, { method: 'POST', body: 'x' }),
    ]
    expect([own.status, other.status, await other.text()]).toEqual([200, 404, 'Not Found'])
    await close()
  })

  it('answers 500 to an error, tells the operator and not the client, and goes on serving', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const failing = mounting(() => Promise.reject(new Error('out of order')))
    const { url, close } = await listening(createServer(drawbridge(failing)))
    const response = await fetch(`${url}/token`)
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error'])
    expect(log.mock.calls).toEqual([[expect.objectContaining({ message: 'out of order' })]])
    expect((await fetch(`${url}/other`)).status).toBe(404)
    await close()
    log.mockRestore()
  })

  it('says what does not come to it where something has removed a prefix, as connect does', async () => {
    const told: string[] = []
    const mounted = drawbridge({ ...mounting(async () => new Response()), notice: (text) => told.push(text) })
    const { url, close } = await listening(
      createServer((req, res) => {
        Object.assign(req, { originalUrl: req.url, url: req.url?.replace(/^\/api/, '') })
        mounted(req, res)
      }),
    )
    for (let n = 0; n < 2; n++) await fetch(`${url}/api/other`)
    expect(told).toEqual([
      expect.stringMatching(/requests for \/token do not reach it\. .*not below "\/api"/),
    ])
    await close()
  })

  it('cuts the connection of a stream that broke', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const breaking = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('it broke')) }))
    const { url, close } = await listening(createServer(drawbridge(mounting(async () => breaking()))))
    await expect(fetch(`${url}/token`).then((response) => response.text())).rejects.toThrow()
    expect(log.mock.calls).toEqual([[expect.objectContaining({ message: 'it broke' })]])
    await close()
    log.mockRestore()
  })

  it('leaves nothing of an answer that cannot be sent in the one sent instead', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const headers = { 'content-length': '3', 'content-type': 'image/png', 'x-odd': 'a\u0001b' }
    const { url, close } = await listening(
      createServer(drawbridge(mounting(async () => new Response('abc', { headers })))),
    )
    const response = await fetch(`${url}/token`)
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error'])
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(log).toHaveBeenCalledOnce()
    await close()
    log.mockRestore()
  })
})

describe('before handlers of the application', () => {
  it('protect() does not call one that cannot be told of an error', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = { ...auth, authenticate: () => Promise.reject(undefined) }
    const guard = protect(broken)
    const { url, close } = await listening(
      createServer((req, res) => guard(req, res, () => res.end('let in'))),
    )
    const response = await fetch(url, asAlice)
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error'])
    expect(log).toHaveBeenCalledOnce()
    await close()
    log.mockRestore()
  })

  it('protect() leaves the body to the handler, and types the user', async () => {
    const guard = protect(auth, { scopes: ['files:read'] })
    const { url, close } = await listening(
      createServer((req: GuardedRequest<{ login: string }, IncomingMessage>, res) => {
        guard(req, res, async () => {
          expectTypeOf(req.auth).toEqualTypeOf<AuthInfo<{ login: string }> | undefined>()
          res.end(`${req.auth?.extra.user.login}: ${await text(req)}`)
        })
      }),
    )
    expect(await (await fetch(url, { ...asAlice, method: 'POST', body: 'abc' })).text()).toBe('alice: abc')
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(204)
    await close()
  })

  const after = async (body: unknown, type: string, sent: string) => {
    const mounted = drawbridge(bodyOrReason)
    const { url, close } = await listening(
      createServer(async (req, res) => {
        await text(req)
        mounted(Object.assign(req, { body }), res)
      }),
    )
    const headers = { 'content-type': type }
    const answer = await (await fetch(`${url}/token`, { method: 'POST', headers, body: sent })).text()
    await close()
    return answer
  }

  it('gives a body back that a parser has read', async () => {
    const form = 'application/x-www-form-urlencoded'
    expect(await after({ a: ['1', '2'], b: 'ü' }, form, 'x')).toBe('null a=1&a=2&b=%C3%BC')
    expect(await after({ a: [1, null] }, 'application/json', 'x')).toBe('null {"a":[1,null]}')
    expect(await after('as it was', 'text/plain', 'x')).toBe('null as it was')
  })

  it('says what to do about one that nothing is left of', async () => {
    expect(await after(undefined, 'application/json', '{}')).toMatch(
      /^UnreadableBody: .*Mount drawbridge\(\) first/,
    )
    expect(await after({ a: 1n }, 'application/json', '{}')).toMatch(/^UnreadableBody: .*req\.body/)
  })

  it('finds the whole path where a framework keeps it', async () => {
    const mounted = drawbridge(echo)
    const { url, close } = await listening(
      createServer((req, res) => mounted(Object.assign(req, { originalUrl: req.url, url: '/' }), res)),
    )
    expect((await fetch(`${url}/token`)).status).toBe(200)
    await close()
  })

  it('has the client address from where it is said to be', async () => {
    const x = mounting(async (_request, context) => new Response(context?.clientAddress))
    const clientAddress = (req: NodeRequest) => req.headers['x-real-ip']?.toString()
    const { url, close } = await listening(createServer(drawbridge(x, { clientAddress })))
    const response = await fetch(`${url}/token`, { headers: { 'x-real-ip': '192.0.2.7' } })
    expect(await response.text()).toBe('192.0.2.7')
    await close()
  })
})

const auth = fakeAuth({
  users: { alice: { subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } } },
})
const asAlice = { headers: { authorization: 'Bearer alice' } }

const echo = mounting(async (request) => new Response(await request.text()))

/** Answers with the body and the length it was said to have, or why it could not be read. */
const bodyOrReason = mounting((request) =>
  request.text().then(
    (body) => new Response(`${request.headers.get('content-length')} ${body}`),
    (error) => new Response(`${error.name}: ${error.message}`),
  ),
)
