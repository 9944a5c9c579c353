/**
 * A refusal of the token endpoint in RFC 6749 5.2's terms, for a provider's `conform`.
 *
 * @example
 * if (theirs === 'bad_refresh_token') return refusal('invalid_grant', member(body, 'error_description'))
 */
export function refusal(error: string, error_description?: unknown): Response {
  return Response.json({ error, error_description }, { status: error === 'invalid_client' ? 401 : 400 })
}
