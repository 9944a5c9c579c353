import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { adapterContract, type StartApp } from '@drawbridge/testing'
import { describe, it } from 'vitest'
import { drawbridge, type GuardedRequest, type Next, protect } from './index.ts'

/** Bare `node:http`, with what an application of some size would write around it. */
const start: StartApp = ({ mounted = [], below = '', guarded }) => {
  const handlers = mounted.map((x) => drawbridge(x))
  const guard = guarded && protect(guarded.auth, { scopes: guarded.scopes })
  return listening((req: GuardedRequest<unknown, IncomingMessage>, res) => {
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
          else guarded.handler(() => req.auth).then((reached) => res.end(JSON.stringify({ reached })), failed)
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
  })
}

describe('the adapter contract', () => {
  for (const c of adapterContract()) it(c.name, () => c.run(start))
})

async function listening(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
