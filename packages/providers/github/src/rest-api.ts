import { type Call, callJson, type JsonAnswer, member } from '@drawbridge/core/provider'

/**
 * Asks GitHub's REST API as the user.
 *
 * @throws Error for anything that is no answer of GitHub's: no connection, HTML, a proxy's error page
 */
export async function get(call: Call, url: string, access_token: string): Promise<JsonAnswer> {
  return callJson(call, url, {
    headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${access_token}` },
  })
}

/**
 * Whether GitHub itself said no, as opposed to being too busy or not being reached at all. A rate limit comes as a 403
 * too.
 */
export function isVerdict({ status, headers, body }: JsonAnswer, expected: number): boolean {
  const text = member(body, 'message')
  if (status !== expected || typeof text !== 'string') return false
  return !namesRateLimit(headers) && !/rate limit/i.test(text)
}

/** Whether the headers say that we ask too often: GitHub says so with a 403, as it says no. */
export function namesRateLimit(headers: Headers): boolean {
  return headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after')
}

export function unexpected({ status }: JsonAnswer, url: string): Error {
  return new Error(`GitHub answered ${status} unexpectedly: ${new URL(url).pathname}`)
}
