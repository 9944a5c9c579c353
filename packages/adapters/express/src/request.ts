import { createHeaders } from '@remix-run/node-fetch-server'
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express'
import { bodyOf } from './body.ts'

/** Not true any more of a body that was parsed: parsers unpack it, and may write it differently. */
const describingTheWire = ['content-length', 'content-encoding', 'transfer-encoding']

/** The request as the Fetch standard knows it. */
export function toRequest(req: ExpressRequest, res: ExpressResponse): Request {
  const headers = createHeaders(req)
  if (req.readableDidRead) for (const name of describingTheWire) headers.delete(name)
  const { method } = req
  const init: RequestInit & { duplex?: 'half' } = { method, headers, signal: disconnection(res) }
  if (method !== 'GET' && method !== 'HEAD' && method !== 'TRACE') {
    init.body = bodyOf(req)
    init.duplex = 'half'
  }
  // Below a sub-application `req.url` is shortened; the paths of an authorization server are whole.
  const url = urlOf(req.originalUrl)
  if (method !== 'TRACE') return new Request(url, init)
  // `Request` refuses TRACE, but what answers it is not for an adapter to decide.
  const request = new Request(url, { ...init, method: 'GET' })
  return Object.defineProperty(request, 'method', { value: method })
}

/** The host is a fixed one: nobody takes it from here, and `Host` may hold what is none. */
function urlOf(target: string): string {
  const absolute = target.startsWith('/') ? null : URL.parse(target)
  const path = absolute ? absolute.pathname + absolute.search : target
  return `http://localhost${path.startsWith('/') ? '' : '/'}${path}`
}

/** Aborts when the client has gone before its answer was complete. */
function disconnection(res: ExpressResponse): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  return controller.signal
}
