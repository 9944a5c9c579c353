import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { shown, states } from './gallery.fixture.ts'

export const plain = shown('plain')

/** The states that differ in how they are built; some in a theme. */
export const looks: Record<string, () => Promise<Response>> = Object.fromEntries(
  Object.entries({
    consent: 'plain',
    'consent-known-account': 'plain',
    'several-providers': 'themed',
    'private-use': 'pale',
    'many-scopes': 'plain',
    long: 'plain',
    'unknown-client': 'plain',
    'invalid-request': 'plain',
    'other-browser': 'themed',
    'sign-in': 'plain',
    account: 'plain',
    'signed-out': 'themed',
    done: 'plain',
  }).map(([name, theme]) => [`/${name}`, () => stateOf(name)(shown(theme))]),
)

function stateOf(name: string): (typeof states)[string] {
  return states[name] ?? (() => Promise.reject(new Error(`There is no state ${name}.`)))
}

export interface Received {
  path: string
  body: string
  headers: IncomingHttpHeaders
}

export interface Site {
  origin: string
  close(): Promise<void>
}

export function html(text: string): Response {
  return new Response(text, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

export async function serve(answer: (request: Received) => Promise<Response>): Promise<Site> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const answered = await answer({ path: request.url ?? '', body, headers: request.headers })
    response.writeHead(answered.status, Object.fromEntries(answered.headers))
    response.end(await answered.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
