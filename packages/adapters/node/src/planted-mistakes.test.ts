import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer, json, text } from 'node:stream/consumers'
import { type AuthInfo, type Mountable, mounted } from '@drawbridge/core'
import { adapterContract, type StartApp } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { fault, goingOn, requestHead, send, toRequest } from './bridge.ts'
import { listening } from './listening.fixture.ts'

type Incoming = IncomingMessage & { auth?: AuthInfo }

/** The parts of an adapter, each of which may be made wrongly. */
interface Parts {
  request(req: Incoming, res: ServerResponse): Request | Promise<Request>
  head(req: Incoming): ReturnType<typeof requestHead>
  send(res: ServerResponse, response: Response): Promise<void>
  refuse(res: ServerResponse, response: Response): Promise<void>
  address(req: Incoming): string | undefined
  keep(req: Incoming, auth: AuthInfo | undefined): void
  kept(req: Incoming): AuthInfo | undefined
  /** The error to hand on; nothing, for going on. */
  error(thrown: unknown): unknown
  path(req: Incoming): string
  below(path: string, prefix: string): boolean
  passOn: typeof goingOn
  open(need: { scopes?: readonly string[] | undefined }): { scopes?: readonly string[] | undefined }
}

const advice = 'Mount it first.'
const right: Parts = {
  request: (req, res) => toRequest(req, res, { advice }),
  head: (req) => requestHead(req),
  send,
  refuse: send,
  address: (req) => req.socket.remoteAddress,
  keep: (req, auth) => {
    if (auth) req.auth = auth
  },
  kept: (req) => req.auth,
  error: fault,
  path: (req) => URL.parse(req.url ?? '/', 'http://localhost')?.pathname ?? '/',
  below: (path, prefix) => path.startsWith(prefix),
  passOn: goingOn,
  open: (need) => need,
}

/** An application on the parts of an adapter. */
const startWith = (parts: Parts): StartApp => {
  const adapter = (given: Mountable) => {
    const x = mounted(given)
    return async (req: Incoming, res: ServerResponse) => {
      const clientAddress = parts.address(req)
      const request = await parts.request(req, res)
      const response = await x.handle(request, { clientAddress })
      if (response) await parts.send(res, response)
      else parts.passOn(x, request, res)
      return !response
    }
  }
  return ({ mounted: all = [], below = '', guarded }) => {
    const handlers = all.map(adapter)
    const answer = async (req: Incoming, res: ServerResponse) => {
      const path = parts.path(req)
      for (const handler of handlers) {
        if (!parts.below(path, below)) break
        if (!(await attempt(() => handler(req, res)))) return
      }
      if (path === '/guarded' && guarded) {
        const { auth, scopes, handler } = guarded
        const goOn = await attempt(async () => {
          const result = await auth.authenticate(parts.head(req), parts.open({ scopes }))
          parts.keep(req, result.ok ? result.auth : undefined)
          if (!result.ok) await parts.refuse(res, result.response)
          return result.ok
        })
        if (goOn) res.end(JSON.stringify({ reached: await handler(() => parts.kept(req)) }))
      } else if (path === '/app') res.end(JSON.stringify({ body: await json(req) }))
      else res.writeHead(404).end()
    }
    const attempt = (work: () => Promise<boolean>) =>
      work().catch((thrown) => {
        const error = parts.error(thrown)
        // As frameworks do: without an error it goes on.
        if (error && error !== 'route') throw error
        return true
      })
    return listening(
      createServer((req, res) => {
        res.setHeader('x-app', 'yes')
        res.appendHeader('set-cookie', 'app=1')
        answer(req, res).catch((error) => {
          if (res.headersSent) res.destroy()
          else res.writeHead(500).end(`application: ${error.message}`)
        })
      }),
    )
  }
}

/** Sends with headers or a body that the mistake has changed. */
const sending =
  (change: (response: Response, res: ServerResponse) => Response | Promise<Response>): Parts['send'] =>
  async (res, response) =>
    send(res, await change(response, res))

const withHeaders = (request: Request, change: (headers: Headers) => void): Request => {
  const headers = new Headers(request.headers)
  change(headers)
  return new Request(request, { headers })
}

let lastAuth: AuthInfo | undefined
const answers = new Map<string, Response>()

const mistakes: Record<string, [mistake: Partial<Parts>, caughtBy: string]> = {
  'drops a second cookie': [
    {
      send: sending((response) => {
        const headers = new Headers(response.headers)
        const [first] = response.headers.getSetCookie()
        if (first) headers.set('set-cookie', first)
        return new Response(response.body, { ...response, status: response.status, headers })
      }),
    },
    'sends each cookie, beside those the application has set',
  ],
  "drops the application's cookies": [
    {
      send: sending((response, res) => {
        if (response.headers.has('set-cookie')) res.removeHeader('set-cookie')
        return response
      }),
    },
    'sends each cookie, beside those the application has set',
  ],
  'keeps the first of a repeated header': [
    {
      request: (req, res) =>
        withHeaders(toRequest(req, res, { advice }), (headers) => {
          for (const [name, [first = '']] of Object.entries(req.headersDistinct).map(
            ([name, values]) => [name, values ?? []] as const,
          ))
            headers.set(name, first)
        }),
    },
    'hands over headers that came twice, and the host',
  ],
  'takes the first of two tokens': [
    {
      request: (req, res) =>
        withHeaders(toRequest(req, res, { advice }), (headers) => {
          if (req.headers.authorization) headers.set('authorization', req.headers.authorization)
        }),
    },
    'hands over two tokens as two, so that neither is taken for the only one',
  ],
  'puts a host of its own': [
    {
      request: (req, res) =>
        withHeaders(toRequest(req, res, { advice }), (headers) => headers.set('host', 'localhost')),
    },
    'hands over headers that came twice, and the host',
  ],
  'swallows an error after the headers were sent': [
    {
      send: async (res, response) => {
        if (!response.body) return send(res, response)
        const reader = response.body.getReader()
        res.writeHead(response.status, Object.fromEntries(response.headers)).flushHeaders()
        res.once('close', () => void reader.cancel().catch(() => {}))
        try {
          for (let next = await reader.read(); !next.done; next = await reader.read()) res.write(next.value)
        } catch {}
        res.end()
      },
    },
    'cuts the connection when a stream breaks, and goes on serving',
  ],
  'makes a whole answer of a stream that failed': [
    {
      send: sending(async (response) => new Response(await response.text().catch(() => ''), response)),
    },
    'does not make a whole answer of a stream that breaks at once',
  ],
  'buffers an event stream': [
    { send: sending(async (response) => new Response(await response.arrayBuffer(), response)) },
    'sends an event stream as it grows: its headers first, then each event',
  ],
  'takes a stream for text': [
    { send: sending(async (response) => new Response(await response.text(), response)) },
    'sends bytes that are no text',
  ],
  'reads faster than the client': [
    {
      send: async (res, response) => {
        res.writeHead(response.status, Object.fromEntries(response.headers))
        for await (const chunk of response.body ?? []) res.write(chunk)
        res.end()
      },
    },
    'takes no more from a stream than its client takes',
  ],
  'buffers the body of a request': [
    {
      request: async (req, res) => {
        const parsed = await buffer(req)
        return toRequest(req, res, { parsed, advice })
      },
    },
    'hands over a body while it arrives',
  ],
  'loses the query': [
    { request: (req, res) => toRequest(req, res, { target: req.url?.split('?')[0], advice }) },
    'answers its own paths and leaves all others to the application',
  ],
  'decodes the query': [
    { request: (req, res) => toRequest(req, res, { target: unescape(req.url ?? '/'), advice }) },
    'leaves escapes in paths and queries as they are',
  ],
  'decodes the path': [
    {
      request: (req, res) => {
        const [path = '', ...query] = (req.url ?? '/').split('?')
        return toRequest(req, res, { target: [unescape(path), ...query].join('?'), advice })
      },
    },
    'leaves escapes in paths and queries as they are',
  ],
  'compares its routes with a path it has decoded': [
    { below: (path, prefix) => path.startsWith(prefix) && decodeURI(path) === path },
    'serves the paths of an issuer whose prefix has escapes',
  ],
  'forgets that the client may go': [
    { request: (req, res) => new Request(toRequest(req, res, { advice }), { signal: null }) },
    'aborts the signal of a request whose client has gone',
  ],
  'takes every closed connection for a client that has gone': [
    {
      request: (req, res) => {
        const gone = new AbortController()
        res.once('close', () => gone.abort())
        return new Request(toRequest(req, res, { advice }), { signal: gone.signal })
      },
    },
    'does not abort the signal of a request that was answered',
  ],
  'leaves a stream open that HEAD did not ask for': [
    {
      send: (res, response) =>
        res.req.method === 'HEAD' ? send(res, new Response(null, response)) : send(res, response),
    },
    'ends a stream that nobody reads, since HEAD asked for it',
  ],
  'says nothing in words': [
    {
      send: async (res, response) => {
        res.writeHead(response.status, ' ', Object.fromEntries(response.headers)).end(await response.text())
      },
    },
    'says in words what the status means',
  ],
  'keeps who it is where all requests see it': [
    {
      keep: (_req, auth) => {
        lastAuth = auth
      },
      kept: () => lastAuth,
    },
    'tells two requests apart that are under way together',
  ],
  'remembers who it was': [
    {
      head: (req) => {
        const head = requestHead(req)
        if (lastAuth && !head.headers.has('authorization')) {
          head.headers.set('authorization', `Bearer ${lastAuth.token}`)
        }
        return head
      },
      keep: (req, auth) => {
        lastAuth = auth
        if (auth) req.auth = auth
      },
    },
    'tells two requests apart that are under way together',
  ],
  'answers from what it answered before': [
    {
      send: async (res, response) => {
        const path = res.req.url?.split('?')[0] ?? ''
        if (!answers.has(path)) answers.set(path, response.clone())
        await send(res, (answers.get(path) ?? response).clone())
      },
    },
    'tells two bodies apart that arrive together',
  ],
  'believes whoever names an address': [
    { address: (req) => req.headers['x-forwarded-for']?.toString() ?? req.socket.remoteAddress },
    'hands over headers, and the address of the peer',
  ],
  'shortens the path below a prefix': [
    {
      request: (req, res) => toRequest(req, res, { target: req.url?.replace(/^\/api/, '') || '/', advice }),
    },
    'shows the whole path when mounted below that prefix',
  ],
  'drops the prefix it is mounted below': [
    {
      below: () => true,
      request: (req, res) => toRequest(req, res, { target: `/api${req.url?.replace(/^\/api/, '')}`, advice }),
    },
    'shows the whole path when mounted below that prefix',
  ],
  'takes what was thrown for leave to go on': [
    { error: (thrown) => thrown },
    'does not take what was thrown for leave to go on, whatever it is',
  ],
  'takes an error of what is mounted for nothing': [
    { error: (thrown) => thrown },
    'takes whatever was thrown for an error',
  ],
  'keeps to itself that nobody answered': [
    { passOn: () => {} },
    'tells of all endpoints when nobody answers who looks for one in the wrong place',
  ],
  'tells of what the application answers': [
    { passOn: (x, request, res) => x.passedOn(request, res)?.() },
    'tells of all endpoints when nobody answers who looks for one in the wrong place',
  ],
  'asks for no scopes': [{ open: () => ({}) }, 'asks for the scopes of the route'],
  'judges every request as a GET': [
    { head: (req) => ({ ...requestHead(req), method: 'GET' }) },
    'hands over what a request is judged by',
  ],
  'sends refusals without their body': [
    { refuse: sending((response) => new Response(null, response)) },
    'sends a refusal as whole as any other answer',
  ],
  'never answers': [{ send: () => new Promise(() => {}) }, 'sends status, headers and body as they are'],
  'waits for a body before it refuses': [
    {
      send: async (res, response) => {
        await text(res.req)
        await send(res, response)
      },
    },
    'refuses a request whose body is still to come',
  ],
}

const cases = new Map(adapterContract().map((c) => [c.name, c]))

describe('an adapter without a mistake', () => {
  const names = new Set(Object.values(mistakes).map(([, name]) => name))
  it.each([...names])('passes: %s', async (name) => {
    lastAuth = undefined
    await cases.get(name)?.run(startWith(right))
  })
})

describe('an adapter that', () => {
  it.each(Object.entries(mistakes))('%s is caught', async (_, [mistake, caughtBy]) => {
    lastAuth = undefined
    answers.clear()
    const found = cases.get(caughtBy)
    await expect(found?.run(startWith({ ...right, ...mistake }), { timeout: 2 })).rejects.toThrow()
  })
})

it('an application that does not stop fails its case too', async () => {
  const start: StartApp = async () => ({ url: 'http://127.0.0.1:1', close: () => new Promise(() => {}) })
  const hanging = cases.get('sends bytes that are no text')?.run(start, { timeout: 0.05 })
  await expect(hanging).rejects.toThrow(/to close the application after "sends bytes.*0\.05 seconds/)
})
