import type { Call } from './provider.ts'

/** An answer of a provider's API. */
export interface JsonAnswer {
  status: number
  headers: Headers
  body: unknown
}

/**
 * Asks a provider's API, which answers in JSON.
 *
 * @param init as for `fetch`
 * @throws Error for anything that is no answer of the API: no connection, HTML, a proxy's error page
 * @example
 * const { status, body } = await callJson(call, url, { headers: { authorization: `Bearer ${access_token}` } })
 */
export async function callJson(call: Call, url: string, init?: RequestInit): Promise<JsonAnswer> {
  return jsonAnswer(await call(url, init), url)
}

/**
 * The same of an answer that is there already.
 *
 * @param url where it came from, for the message
 * @throws Error as {@link callJson} does
 */
export async function jsonAnswer(response: Response, url: string): Promise<JsonAnswer> {
  const { status, headers } = response
  try {
    return { status, headers, body: await response.json() }
  } catch {
    throw new Error(`${new URL(url).host} answered ${status} without JSON: ${new URL(url).pathname}`)
  }
}

/**
 * A member of something that came as JSON; `undefined` when it is no object or has none of this name.
 *
 * @example
 * const login = member(body, 'login')
 */
export function member(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined
}
