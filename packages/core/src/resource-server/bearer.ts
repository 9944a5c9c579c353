/** What a request presents (RFC 6750 2.1). */
type BearerCredentials =
  /** Nothing, or an authentication scheme we do not speak. */
  | { kind: 'none' }
  /** Something that means to be a bearer token and is not one. */
  | { kind: 'malformed' }
  | { kind: 'token'; token: string }

/**
 * Reads the access token of a request (RFC 6750 2.1, RFC 9110 11.6.2). Only the Authorization header counts: a token
 * in a query or a form (RFC 6750 2.2, 2.3) ends up in logs and histories, and OAuth 2.1 has dropped both.
 */
export function bearerCredentials(headers: Headers): BearerCredentials {
  const value = headers.get('authorization')?.trim()
  if (!value) return { kind: 'none' }
  // Several headers arrive joined by commas, and no token holds one. Which of them would count is anyone's guess.
  if (!/(^|,)\s*bearer($|[\s,])/i.test(value)) return { kind: 'none' }
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(value)?.[1]
  return token === undefined ? { kind: 'malformed' } : { kind: 'token', token }
}
