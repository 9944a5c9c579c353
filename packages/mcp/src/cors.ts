/**
 * Any page may read what the endpoint answers: access takes a bearer token, and no cookie is ever looked at. The
 * headers named are the challenge, and what a client has to send back.
 */
const readable = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id',
}

/** The response, maybe with another body, readable for pages of any origin. */
export function exposed(
  response: Response,
  body: ReadableStream<Uint8Array> | null = response.body,
): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(readable)) headers.set(name, value)
  return new Response(body, { status: response.status, statusText: response.statusText, headers })
}
