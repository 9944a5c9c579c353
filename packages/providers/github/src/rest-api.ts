import type { Call } from '@drawbridge/core/provider'

/** An answer of GitHub's REST API: always a JSON document; errors have a `message`. */
export interface ApiAnswer {
  status: number
  headers: Headers
  body: unknown
}

/**
 * Asks GitHub's REST API as the user.
 *
 * @throws Error for anything that is no answer of GitHub's: no connection, HTML, a proxy's error page
 */
export async function get(call: Call, url: string, access_token: string): Promise<ApiAnswer> {
  return answerOf(
    await call(url, {
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${access_token}` },
    }),
    url,
  )
}

export async function answerOf(response: Response, url: string): Promise<ApiAnswer> {
  const { status, headers } = response
  try {
    return { status, headers, body: await response.json() }
  } catch {
    throw new Error(`GitHub answered ${status} without JSON: ${new URL(url).pathname}`)
  }
}

/**
 * Whether GitHub itself said no, as opposed to being too busy or not being reached at all. A rate limit comes as a 403
 * too.
 */
export function isVerdict({ status, headers, body }: ApiAnswer, expected: number): boolean {
  const text = member(body, 'message')
  if (status !== expected || typeof text !== 'string') return false
  return (
    headers.get('x-ratelimit-remaining') !== '0' && !headers.has('retry-after') && !/rate limit/i.test(text)
  )
}

export function unexpected({ status }: ApiAnswer, url: string): Error {
  return new Error(`GitHub answered ${status} unexpectedly: ${new URL(url).pathname}`)
}

/** A member of something that came as JSON. */
export function member(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined
}
