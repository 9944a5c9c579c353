import { network } from '../network.ts'
import type { FetchedDocument } from './documents.ts'

export const mcpUrl = 'https://mcp.test/mcp'
const issuer = 'https://mcp.test'

type Json = Record<string, unknown>

/**
 * The least of a server that all products get along with, and what they sent to it. Whoever is sent to it is let in.
 * `change` may spoil its answers, by path.
 */
export function leastServer(
  options: {
    metadata?: Json
    fetchDocument?: (url: string) => Promise<FetchedDocument>
    change?: (path: string, response: Response) => Response | Promise<Response>
  } = {},
) {
  const registrations: Json[] = []
  const tokenRequests: { type: string | null; form: Json }[] = []
  const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'WWW-Authenticate' }
  const json = (body: Json, status = 200, headers: Json = {}) =>
    new Response(JSON.stringify(body), {
      status,
      headers: { ...cors, 'content-type': 'application/json', ...(headers as Record<string, string>) },
    })

  async function answer(request: Request, path: string): Promise<Response> {
    const { searchParams } = new URL(request.url)
    if (request.method === 'OPTIONS') {
      const allowed = { 'access-control-allow-headers': 'authorization, content-type', ...cors }
      return new Response(null, { status: 204, headers: allowed })
    }
    if (path === '/mcp') {
      if (request.headers.has('authorization')) return json({ jsonrpc: '2.0', id: 1, result: {} })
      const at = `${issuer}/.well-known/oauth-protected-resource/mcp`
      return json({}, 401, { 'www-authenticate': `Bearer resource_metadata="${at}", scope="read"` })
    }
    if (path.startsWith('/.well-known/oauth-protected-resource')) {
      return json({ resource: mcpUrl, authorization_servers: [issuer] })
    }
    if (path === '/.well-known/oauth-authorization-server') {
      return json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        registration_endpoint: `${issuer}/register`,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        authorization_response_iss_parameter_supported: true,
        ...options.metadata,
      })
    }
    if (path === '/register') {
      const metadata = (await request.json()) as Json
      registrations.push(metadata)
      return json({ ...metadata, client_id: `client-${registrations.length}` }, 201)
    }
    if (path === '/authorize') {
      const { client_id = '', redirect_uri = '', state = '' } = Object.fromEntries(searchParams)
      if (client_id.startsWith('https:')) await options.fetchDocument?.(client_id)
      const query = new URLSearchParams({ code: 'c', state, iss: issuer })
      return new Response(null, { status: 302, headers: { location: `${redirect_uri}?${query}` } })
    }
    const form = Object.fromEntries(new URLSearchParams(await request.text()))
    tokenRequests.push({ type: request.headers.get('content-type'), form })
    const refresh_token = `r-${tokenRequests.length}`
    return json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, scope: 'read', refresh_token })
  }

  const fetch = network({
    [issuer]: async (request) => {
      const { pathname } = new URL(request.url)
      const response = await answer(request, pathname)
      return (await options.change?.(pathname, response)) ?? response
    },
  })
  return { fetch, registrations, tokenRequests }
}

/** The same response without this header. */
export function without(header: string, response: Response): Response {
  const headers = new Headers(response.headers)
  headers.delete(header)
  return new Response(response.body, { status: response.status, headers })
}
