import type { Send } from '../driver/send.ts'
import type { Habits } from './product.ts'

/** The network as the product uses it: what it calls its forms, what a page may do, which answers it cannot read. */
export function productTransport(send: Send, { formType, pageOf, refusesNulls }: Habits): Send {
  let use = send
  if (formType !== undefined) use = callingForms(use, formType)
  if (pageOf !== undefined) use = fromPage(use, pageOf)
  return refusesNulls ? withoutNulls(use) : use
}

function callingForms(send: Send, formType: string): Send {
  return async (request) => {
    if (!request.headers.get('content-type')?.includes('x-www-form-urlencoded')) return send(request)
    const headers = new Headers(request.headers)
    headers.set('content-type', formType)
    return send(new Request(request, { headers }))
  }
}

function withoutNulls(send: Send): Send {
  return async (request) => {
    const response = await send(request)
    if (!response.headers.get('content-type')?.includes('json')) return response
    const at = nullIn(await response.clone().json())
    if (at !== undefined) throw new Error(`${request.url} answered a null at ${at}`)
    return response
  }
}

function nullIn(value: unknown, path = 'the top'): string | undefined {
  if (value === null) return path
  if (typeof value !== 'object') return undefined
  return Object.entries(value)
    .map(([name, member]) => nullIn(member, name))
    .find((found) => found !== undefined)
}

const simpleTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(;|$)/i
const readable = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
]

/** `fetch` in a page of this origin (Fetch standard, 3.3): asks first where it must, and reads what it may. */
function fromPage(send: Send, origin: string): Send {
  return async (request) => {
    if (new URL(request.url).origin === origin) return send(request)
    const unsafe = [...request.headers]
      .filter(([name, value]) => name !== 'accept' && !(name === 'content-type' && simpleTypes.test(value)))
      .map(([name]) => name)
    if (unsafe.length > 0 || !['GET', 'HEAD', 'POST'].includes(request.method)) {
      await askFirst(send, request, origin, unsafe)
    }
    const headers = new Headers(request.headers)
    headers.set('origin', origin)
    return readableFor(request.url, await send(new Request(request, { headers })), origin)
  }
}

async function askFirst(send: Send, { method, url }: Request, origin: string, unsafe: readonly string[]) {
  const headers = {
    origin,
    'access-control-request-method': method,
    ...(unsafe.length > 0 && { 'access-control-request-headers': unsafe.join(',') }),
  }
  const answer = await send(new Request(url, { method: 'OPTIONS', headers }))
  const listed = (name: string) => (answer.headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/)
  const methods = listed('access-control-allow-methods')
  const allowed = listed('access-control-allow-headers')
  if (
    !answer.ok ||
    !isOpenTo(answer, origin) ||
    !(methods.includes(method.toLowerCase()) || ['GET', 'HEAD', 'POST'].includes(method)) ||
    !unsafe.every((name) => allowed.includes(name))
  ) {
    throw new TypeError(
      `CORS: ${url} does not let ${origin} ${method} with ${unsafe.join(', ') || 'nothing'}`,
    )
  }
}

function readableFor(url: string, response: Response, origin: string): Response {
  if (!isOpenTo(response, origin)) throw new TypeError(`CORS: ${origin} may not read ${url}`)
  const exposed = (response.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/\s*,\s*/)
  const headers = new Headers(
    [...response.headers].filter(([name]) => readable.includes(name) || exposed.includes(name)),
  )
  return new Response(response.body, { status: response.status, headers })
}

function isOpenTo({ headers }: Response, origin: string): boolean {
  return ['*', origin].includes(headers.get('access-control-allow-origin') ?? '')
}
