import { json } from '../http/responses.ts'
import { formatScope } from '../syntax/scopes.ts'

/** A Bearer challenge (RFC 6750 3, RFC 9728 5.1). */
export interface Challenge {
  /** Absolute: where the protected resource's metadata is. */
  resourceMetadataUrl: string
  /** Everything the request needs, not only what is missing: clients ask for exactly these. */
  scopes?: readonly string[] | undefined
  error?: 'invalid_token' | 'insufficient_scope' | undefined
  description?: string | undefined
}

/**
 * The value of `WWW-Authenticate`. Clients read it with plain regular expressions: the first parameter follows
 * `Bearer ` directly, everything is quoted, and no value holds a quote or resembles another parameter.
 *
 * @example
 * bearerChallenge({ resourceMetadataUrl, scopes: ['files:read'] })
 * // Bearer resource_metadata="https://...", scope="files:read"
 */
export function bearerChallenge({ resourceMetadataUrl, scopes = [], error, description }: Challenge): string {
  const parameters = [`resource_metadata="${resourceMetadataUrl}"`]
  if (scopes.length > 0) parameters.push(`scope="${formatScope(scopes)}"`)
  if (error) parameters.push(`error="${error}"`)
  if (error && description) parameters.push(`error_description="${headerText(description)}"`)
  return `Bearer ${parameters.join(', ')}`
}

/**
 * 401 for a request without a good token (RFC 6750 3.1). Without `error` it is one without any token, and then the
 * challenge names no error either, as the RFC asks.
 */
export function unauthorized(challenge: Challenge): Response {
  const description =
    challenge.description ??
    (challenge.error
      ? 'The access token is invalid, expired or revoked. Sign in again.'
      : 'This server needs an access token. An MCP client that supports OAuth obtains one by itself.')
  return json({ error: challenge.error ?? 'unauthorized', error_description: description }, 401, {
    'www-authenticate': bearerChallenge({ ...challenge, description }),
  })
}

/** 403 for a good token with too little scope (RFC 6750 3.1), naming everything the operation needs. */
export function insufficientScope(challenge: Omit<Challenge, 'error'>): Response {
  const description = challenge.description ?? 'The access token lacks a scope that this operation needs.'
  return json(
    {
      error: 'insufficient_scope',
      error_description: description,
      scope: formatScope(challenge.scopes ?? []),
    },
    403,
    { 'www-authenticate': bearerChallenge({ ...challenge, error: 'insufficient_scope', description }) },
  )
}

/**
 * 503 for a token nobody can judge right now. Not a 401: clients would throw a good token away and open a browser.
 *
 * @param retryAfter Seconds.
 */
export function temporarilyUnavailable(retryAfter = 2): Response {
  return json(
    {
      error: 'temporarily_unavailable',
      error_description: 'The access token cannot be checked at the moment. Try again shortly.',
    },
    503,
    { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) },
  )
}

/** Plain words: no quotes, controls or escapes, and no `=`, so that nothing in it reads as a parameter. */
function headerText(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 .:;/_()'-]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, 200)
}
