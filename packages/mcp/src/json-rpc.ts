/** The parts of JSON-RPC the gate has to look at before an SDK does. */

export interface RpcMessage {
  id?: unknown
  method?: unknown
  params?: unknown
}

/** The messages in a parsed body, which may be a batch. */
export function messagesIn(body: unknown): RpcMessage[] {
  return (Array.isArray(body) ? body : [body]).filter(isObject)
}

/** The ids of the requests (not notifications, not responses) in a parsed body. */
export function requestIds(body: unknown): (string | number)[] {
  return messagesIn(body)
    .filter(({ method }) => typeof method === 'string')
    .map(({ id }) => id)
    .filter((id) => typeof id === 'string' || typeof id === 'number')
}

export function isInitialize(body: unknown): boolean {
  return messagesIn(body).some(({ method }) => method === 'initialize')
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** An HTTP error in the form the SDK's own transports give it; whose it is, `addressed` says. */
export function rpcError(
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
  data?: unknown,
): Response {
  return new Response(JSON.stringify({ jsonrpc: '2.0', error: { code, message, data }, id: null }), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/** The answer to one request, as one JSON document. */
export function rpcResult(id: string | number, result: object): Response {
  return new Response(JSON.stringify({ jsonrpc: '2.0', id, result }), {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  })
}

/** The same answer whether a session never was, has ended, or is another principal's. */
export function sessionNotFound(): Response {
  return rpcError(
    404,
    -32001,
    'Session not found. Initialize anew. Where this happens often, another instance has the session: leave `sessions` of mcp() off, or let the balancer learn Mcp-Session-Id from answers and follow it; a hash of that header is not enough.',
  )
}
