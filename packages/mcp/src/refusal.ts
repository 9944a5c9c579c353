import { isScopeToken } from '@drawbridge/core/syntax'
import { isObject, requestIds, rpcError } from './json-rpc.ts'

/**
 * A challenge of the Auth (RFC 6750 3.1) as a JSON-RPC error: status and headers stay, its body becomes `data`. The message
 * is for people: clients that cannot step up show it.
 */
export async function challenged(challenge: Response, message: string): Promise<Response> {
  const data = parsed(await challenge.text())
  const headers = new Headers(challenge.headers)
  headers.delete('content-length')
  headers.set('content-type', 'application/json')
  return rpcError(challenge.status, -32000, message, Object.fromEntries(headers), data)
}

/** For who did not, where a client shows no sign-in. */
export const notSignedIn =
  'This needs you to sign in. Ask your client to sign in to this server, and try again.'

/** For who signed in and agreed to less than is needed. */
export function tooLittle(missing: readonly string[]): string {
  return `This needs more than you have agreed to: ${missing.join(', ')}. Sign in to this server again from your client, allow it, and repeat the request.`
}

/** The scopes of a challenge that the SDK made: it knows of no other needs than its own. */
export function scopesOfChallenge({ status, headers }: Response): readonly string[] | undefined {
  if (status !== 403) return undefined
  const challenge = headers.get('www-authenticate') ?? ''
  if (!/\berror="insufficient_scope"/.test(challenge)) return undefined
  return (/\bscope="([^"]*)"/.exec(challenge)?.[1] ?? '').split(' ').filter(isScopeToken)
}

/**
 * A refusal, addressed to the requests of the message it refuses: whoever made it need not have known their ids. It
 * comes once for each request of a batch, so that nobody waits. Anything else is left as it is, and so is the refusal
 * of a client's own answer or notification, which nobody waits for.
 */
export async function addressed(response: Response, message: unknown): Promise<Response> {
  if (response.status < 400 || !response.headers.get('content-type')?.startsWith('application/json')) {
    return response
  }
  const ids = requestIds(message)
  if (ids.length === 0) return response
  const text = await response.text()
  const error = parsed(text)
  const body = isObject(error) && error.id === null ? JSON.stringify(withIds(error, ids, message)) : text
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  return new Response(body, { status: response.status, headers })
}

function withIds(error: object, ids: readonly unknown[], message: unknown): unknown {
  return Array.isArray(message) ? ids.map((id) => ({ ...error, id })) : { ...error, id: ids[0] }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
