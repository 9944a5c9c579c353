import type { OAuthErrorCode } from './errors.ts'
import type { Occurrence } from './events.ts'

/** An error answer of the OAuth endpoints (RFC 6749 5.2, RFC 7591 3.2.2, RFC 8707 2). */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  readonly status: number
  /** Extra response headers, such as `WWW-Authenticate` for a client that tried Basic. */
  readonly headers: Record<string, string>
  /** What is told when it is answered. Default: `request.refused`. */
  readonly event: Occurrence | undefined
  constructor(
    code: OAuthErrorCode,
    description: string,
    options: { status?: number; headers?: Record<string, string>; event?: Occurrence; cause?: unknown } = {},
  ) {
    super(description, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? defaultStatus(code)
    this.headers = options.headers ?? {}
    this.event = options.event
  }
}

function defaultStatus(code: OAuthErrorCode): number {
  if (code === 'invalid_client' || code === 'invalid_token') return 401
  if (code === 'temporarily_unavailable') return 503
  return 400
}
