import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Auth, dangerouslyStaticTokens, resourceServer } from '@drawbridge/core'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { onTestFinished } from 'vitest'

/** Lets `alice` and `bob` in, with the scopes given. */
export function staticAuth(resource = 'https://mcp.acme.dev/mcp', scopes: string[] = []): Auth {
  return resourceServer({
    resource,
    authorizationServers: ['https://login.acme.dev'],
    scopes: { supported: ['read', 'write'], default: [], required: [] },
    verifier: dangerouslyStaticTokens(
      { alice: { subject: 'alice', scopes, user: {} }, bob: { subject: 'bob', scopes, user: {} } },
      { log: false },
    ),
    log: false,
  })
}

/** A server with a tool that answers, one that tells of its progress first, and one that fails as told. */
export function helloServer(fail: () => unknown = () => {}): McpServer {
  const server = new McpServer({ name: 'hello', version: '1.0.0' })
  const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
  server.registerTool('hello', {}, () => text('hello'))
  server.registerTool('fails', {}, async () => text(String(await fail())))
  server.registerTool('progress', {}, async ({ sendNotification, _meta, signal }) => {
    const progressToken = _meta?.progressToken ?? 0
    await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return text('done')
  })
  return server
}

export const initialize = {
  ...{ jsonrpc: '2.0', id: 0, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
}

export function call(name: string, params: object = {}) {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, ...params } }
}

export const headers = {
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  authorization: 'Bearer alice',
}

/** A POST as clients send it; with `undefined`, a header is left out. */
export function posting(body: unknown, more: Record<string, string | undefined> = {}): RequestInit {
  const given = Object.entries({ ...headers, ...more }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return { method: 'POST', headers: given, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** Puts a handler on a port, until the test is over. */
export async function onPort(handler: RequestListener, port = 0): Promise<string> {
  const server = createServer(handler).listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
