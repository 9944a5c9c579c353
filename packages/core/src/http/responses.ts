import { isNamed, type Unavailable } from '../errors.ts'
import { OAuthError } from '../oauth-error.ts'
import { corsHeaders } from './cors.ts'

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

/** A JSON answer that no cache keeps and any origin may read. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...noStore, ...corsHeaders, ...headers },
  })
}

/**
 * A redirect by GET. 303 after a POST, so that its body is not sent along. `keepsReferrer`: to a page of ours that looks at
 * which site the person came from.
 */
export function redirect(
  location: string,
  options: { status?: 302 | 303; cookies?: readonly string[]; keepsReferrer?: boolean } = {},
): Response {
  const referrer = options.keepsReferrer ? 'strict-origin' : 'no-referrer'
  const headers = new Headers({ location, ...noStore, 'referrer-policy': referrer })
  for (const value of options.cookies ?? []) headers.append('set-cookie', value)
  return new Response(null, { status: options.status ?? 302, headers })
}

/** A sentence, and what to name when asking the operator about it. Fit for an `error_description` (RFC 6749 5.2). */
export function withReference(text: string, reference: string | undefined): string {
  return reference === undefined ? text : `${text} (reference ${reference})`
}

/**
 * What an endpoint that speaks JSON answers to whatever was thrown (RFC 6749 5.2).
 *
 * @param reference under which an event has told of it
 */
export function errorResponse(error: unknown, reference?: string): Response {
  const { code, message, status, headers } = refusalOf(error)
  const retry = status === 503 ? { 'retry-after': '2' } : {}
  const body = { error: code, error_description: withReference(message, reference) }
  return json(body, status, { ...retry, ...headers })
}

function refusalOf(error: unknown): OAuthError {
  if (isNamed<OAuthError>(error, 'OAuthError')) return error
  if (isNamed<Unavailable>(error, 'Unavailable')) {
    const headers = { 'retry-after': String(error.retryAfter) }
    const message = 'A service we depend on is out. Try again shortly.'
    return new OAuthError('temporarily_unavailable', message, { headers })
  }
  return new OAuthError('server_error', 'Something went wrong here. It has been noted.', { status: 500 })
}
