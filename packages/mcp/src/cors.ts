import { corsHeaders } from '@drawbridge/core'

/**
 * The response, maybe with another body, readable for pages of any origin: access takes a bearer token, and no cookie is
 * ever looked at.
 */
export function exposed(
  response: Response,
  body: ReadableStream<Uint8Array> | null = response.body,
): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(corsHeaders)) headers.set(name, value)
  return new Response(body, { status: response.status, statusText: response.statusText, headers })
}
