/**
 * On every answer that browser-based clients must be able to read. Any origin may: nothing here is decided by a cookie
 * on these requests, and without `Allow-Credentials` a browser sends none.
 */
export const corsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id',
}

const allowedHeaders = [
  'MCP-Protocol-Version',
  'Content-Type',
  'Authorization',
  'Mcp-Session-Id',
  'Last-Event-ID',
] as const

/**
 * The answer to an OPTIONS request: 204 with what a browser may send (Fetch standard, CORS-preflight).
 *
 * @param methods The methods the endpoint answers; OPTIONS need not be among them.
 * @example
 * if (request.method === 'OPTIONS') return preflight(request, ['POST'])
 */
export function preflight(request: Request, methods: readonly string[]): Response {
  return allowing(methods, [...allowedHeaders, ...furtherMcpHeaders(request)])
}

/**
 * The same for a route of which only the application knows what it reads: a page may send the headers it asks for.
 *
 * @param methods The methods the route answers. Default: the one the page asks for; another is for the application to
 *   refuse when it comes.
 * @example
 * if (request.method === 'OPTIONS') return routePreflight(request, ['GET', 'PUT'])
 */
export function routePreflight(request: Pick<Request, 'headers'>, methods?: readonly string[]): Response {
  const asked = request.headers.get('access-control-request-method') ?? ''
  const headers = requestedHeaders(request).filter((name) => /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name))
  return allowing(methods ?? (/^[A-Za-z-]{1,32}$/.test(asked) ? [asked] : []), [
    ...new Set(['authorization', ...headers]),
  ])
}

function allowing(methods: readonly string[], headers: readonly string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders,
      'access-control-allow-methods': [...new Set([...methods, 'OPTIONS'])].join(', '),
      'access-control-allow-headers': headers.join(', '),
      'access-control-max-age': '86400',
      vary: 'Access-Control-Request-Method, Access-Control-Request-Headers',
    },
  })
}

/** The protocol's newer revisions mirror a call's arguments in `Mcp-Param-*` headers, whose names no list can hold. */
function furtherMcpHeaders(request: Request): string[] {
  const known = new Set(allowedHeaders.map((name) => name.toLowerCase()))
  return requestedHeaders(request).filter((name) => /^mcp-[a-z0-9_-]{1,64}$/.test(name) && !known.has(name))
}

function requestedHeaders({ headers }: Pick<Request, 'headers'>): string[] {
  const requested = headers.get('access-control-request-headers') ?? ''
  return requested.split(',', 64).map((name) => name.trim().toLowerCase())
}
