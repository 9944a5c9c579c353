import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An identity provider that does nothing but answer, the same for every server that has one. */
export interface StubProvider {
  origin: string
  /** What a signed-in person's browser would be sent to: the callback, with a code of somebody who was never here. */
  callback(authorizationUrl: URL): URL
  close(): void
}

/**
 * Starts it in this process. Its authorization endpoint is not asked over the network: whoever plays the browser calls
 * `callback`. Each sign-in is another person's.
 */
export async function stubProvider(): Promise<StubProvider> {
  let people = 0
  const json = { 'content-type': 'application/json' }
  const server = createServer((request, response) => {
    if (request.url === '/user') {
      const id = request.headers.authorization?.split(' at-')[1]
      request.resume()
      response.writeHead(200, json).end(JSON.stringify({ id, login: `user${id}`, name: `User ${id}` }))
      return
    }
    let body = ''
    request.setEncoding('latin1').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      if (request.url === '/register') {
        const client = { ...JSON.parse(body), client_id: `client-${++people}` }
        response.writeHead(201, json).end(JSON.stringify(client))
        return
      }
      const form = new URLSearchParams(body)
      const id = (form.get('code') ?? form.get('refresh_token') ?? '').replace(/^\w+-/, '')
      const tokens = {
        access_token: `at-${id}`,
        refresh_token: `rt-${id}`,
        token_type: 'bearer',
        expires_in: 28800,
      }
      response.writeHead(200, json).end(JSON.stringify({ ...tokens, scope: 'read' }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callback(authorizationUrl) {
      const asked = authorizationUrl.searchParams
      const url = new URL(asked.get('redirect_uri') ?? '')
      url.searchParams.set('code', `code-${++people}`)
      url.searchParams.set('state', asked.get('state') ?? '')
      return url
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
