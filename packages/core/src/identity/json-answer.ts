import type { UnreadableBody } from '../errors.ts'
import { limitedBody } from '../http/limited-body.ts'
import type { Call } from './provider.ts'

/** An answer of a provider's API. */
export interface JsonAnswer {
  status: number
  headers: Headers
  body: unknown
}

/** Thrown where there is no JSON. The message is for the operator, and names no more of an address than host and path. */
export class NoJson extends Error {
  override readonly name = 'NoJson'
  /** What an answer that is not the API's came with: HTML, a proxy's error page, a body without an end. */
  readonly status: number | undefined
  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options)
    this.status = options.status
  }
}

/** Bytes of an answer. */
const maximumBytes = 256 * 1024

/**
 * Asks a provider's API, which answers in JSON: within the time of `call`, and in at most 256 KiB.
 *
 * @param init as for `fetch`
 * @throws {NoJson} for anything that is no answer of the API: no connection, HTML, a proxy's error page
 * @example
 * const { status, body } = await callJson(call, url, { headers: { authorization: `Bearer ${access_token}` } })
 */
export async function callJson(call: Call, url: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const headers = new Headers(init.headers)
  if (!headers.has('accept')) headers.set('accept', 'application/json')
  const response = await call(url, { ...init, headers }).catch((cause: unknown) => {
    throw new NoJson(`${new URL(url).host} ${isLate(cause) ? late : 'could not be reached'}`, { cause })
  })
  return jsonAnswer(response, url)
}

/**
 * The same of an answer that is there already.
 *
 * @param url where it came from, for the message
 * @throws {NoJson} as {@link callJson} does
 */
export async function jsonAnswer(response: Response, url: string): Promise<JsonAnswer> {
  const { status, headers } = response
  const { host, pathname } = new URL(url)
  const bytes = await limitedBody(response, maximumBytes).catch(({ cause, message }: UnreadableBody) => {
    throw new NoJson(`${host} ${isLate(cause) ? late : `answered ${status}. ${message}`}`, { status, cause })
  })
  if (!bytes) {
    response.body?.cancel().catch(() => {})
    throw new NoJson(`${host} answered ${status} with more than ${maximumBytes} bytes: ${pathname}`, {
      status,
    })
  }
  try {
    return { status, headers, body: JSON.parse(new TextDecoder().decode(bytes)) }
  } catch {
    // Not with its cause, which quotes what came.
    throw new NoJson(`${host} answered ${status} without JSON: ${pathname}`, { status })
  }
}

/** The JSON of an answer that stays unread; `undefined` where there is none. */
export async function peekJson(response: Response): Promise<unknown> {
  try {
    return await response.clone().json()
  } catch {
    return undefined
  }
}

const late = 'did not answer in time'

/** Whether it is what `AbortSignal.timeout` ends a request with. */
function isLate(error: unknown): boolean {
  return Object(error).name === 'TimeoutError'
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
