import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import { bodyOf } from './body.ts'
import { arrivedWhole, type NodeResponse } from './response.ts'

/** A request as `node:http`, or `node:http2` through its compatibility API, gives it to a handler. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** What it takes to decide whether a request may come in. */
export type RequestHead = Pick<Request, 'method' | 'url' | 'headers'>

/** What a framework has done with a request before it comes to {@link toRequest}. */
export interface Arrival {
  /** The target as the client sent it. Default: `req.url`, which some frameworks shorten below a prefix. */
  target?: string | undefined
  /** Where the body is read from; `null`, where there is none. Default: the request itself. */
  stream?: Readable | null | undefined
  /** What a body parser made of the body. It is looked at only when somebody has read the stream. */
  parsed?: unknown
  /** Ends the message to a developer whose application has read the body: what to do about it, in the framework's words. */
  advice: string
}

/** Not true any more of a body that was parsed or replaced: whoever did it may have unpacked it, or written it anew. */
const describingTheWire = ['content-length', 'content-encoding', 'transfer-encoding']

/** RFC 9110 9.3.1, 9.3.2, 9.3.6 and 9.3.8. The Fetch standard reads the names in either case. */
const withoutBody = /^(GET|HEAD|CONNECT|TRACE|TRACK)$/i

/** `Request` refuses them, but what answers them is not for an adapter to decide. */
const refusedByFetch = /^(CONNECT|TRACE|TRACK)$/i

/**
 * Method, URL and headers of a request, which is all that `authenticate` asks for. Costs no `Request`.
 *
 * @param target the target as the client sent it. Default: `req.url`
 * @example
 * ```ts
 * const result = await auth.authenticate(requestHead(req), { scopes: ['files:read'] })
 * ```
 */
export function requestHead(req: NodeRequest, target: string = req.url ?? '/'): RequestHead {
  return { method: req.method ?? 'GET', url: urlOf(target), headers: headersOf(req) }
}

/**
 * The request as the Fetch standard knows it. Its signal aborts when the client goes before its answer is complete; its
 * body is read when it is asked for, and not before. The host in its URL is a fixed one, and `Host` is among the
 * headers, on HTTP/2 too.
 *
 * Reading the body throws an `UnreadableBody` when somebody has read it before and left nothing of it.
 *
 * @example
 * ```ts
 * const response = await x.handle(toRequest(req, res, { advice: 'Mount drawbridge() first.' }))
 * ```
 */
export function toRequest(req: NodeRequest, res: NodeResponse, arrival: Arrival): Request {
  const { stream = req, parsed, advice } = arrival
  const { method, url, headers } = requestHead(req, arrival.target)
  if (stream && (stream !== req || stream.readableDidRead)) {
    for (const name of describingTheWire) headers.delete(name)
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers, signal: disconnection(res) }
  if (stream && !withoutBody.test(method)) {
    const type = headers.get('content-type') ?? ''
    init.body = bodyOf(stream, { parsed, type, advice })
    init.duplex = 'half'
  }
  if (!refusedByFetch.test(method)) return new Request(url, init)
  return Object.defineProperty(new Request(url, { ...init, method: 'GET' }), 'method', { value: method })
}

function headersOf(req: NodeRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    if (name.startsWith(':') || value === undefined) continue
    for (const each of [value].flat()) headers.append(name, each)
  }
  // Node keeps the first and drops the others: what a proxy in front has looked at may have been another one.
  const tokens = valuesOf(req, 'authorization')
  if (tokens.length > 1) headers.set('authorization', tokens.join(', '))
  // HTTP/2 has another name for it, but who guards against DNS rebinding looks at `Host`.
  const { ':authority': authority } = req.headers
  if (typeof authority === 'string' && !headers.has('host')) headers.set('host', authority)
  return headers
}

/** Every value that came under this name, in their order. */
function valuesOf({ rawHeaders }: NodeRequest, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => {
    const before = index % 2 === 1 ? rawHeaders[index - 1] : undefined
    return before?.length === name.length && before.toLowerCase() === name
  })
}

/** The host is a fixed one: nobody takes it from here, and `Host` may hold what is none. */
function urlOf(target: string): string {
  const absolute = target.startsWith('/') ? null : URL.parse(target)
  const path = absolute ? absolute.pathname + absolute.search : target
  return `http://localhost${path.startsWith('/') ? '' : '/'}${path}`
}

/** Each request passes by everything that is mounted, and too many listeners are a warning. */
const signals = new WeakMap<NodeResponse, AbortSignal>()

/** Aborts when the client has gone before its answer was complete. */
function disconnection(res: NodeResponse): AbortSignal {
  const known = signals.get(res)
  if (known) return known
  const controller = new AbortController()
  signals.set(res, controller.signal)
  res.once('close', () => {
    if (!arrivedWhole(res)) controller.abort()
  })
  return controller.signal
}
