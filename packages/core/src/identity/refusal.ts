import { peekJson } from './json-answer.ts'

/**
 * A refusal of the token endpoint in RFC 6749 5.2's terms, for a provider's `conform`.
 *
 * @example
 * if (theirs === 'bad_refresh_token') return refusal('invalid_grant', member(body, 'error_description'))
 */
export function refusal(error: string, error_description?: unknown): Response {
  return Response.json({ error, error_description }, { status: error === 'invalid_client' ? 401 : 400 })
}

/**
 * The JSON by which a provider refuses, with status 4xx, for its `conform`. `undefined` for every other answer: 429 and 5xx
 * are outages, whatever they say, and a page is a proxy's. The answer itself stays unread, to be handed on as it is.
 *
 * @param options `from: 200` where errors come with that status, too: it then gives what a success says as well
 * @example
 * const body = await refusalBody(response)
 * return member(body, 'error') === 'token_revoked' ? refusal('invalid_grant') : response
 */
export async function refusalBody(response: Response, options: { from?: 200 | 400 } = {}): Promise<unknown> {
  const { from = 400 } = options
  const { status } = response
  return status >= from && status < 500 && status !== 429 ? peekJson(response) : undefined
}
