/** Wrong configuration: thrown at construction. Names the option, what was got, and the fix. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'configuration'
  readonly option: string
  constructor(option: string, got: string, fix: string) {
    super(`${option}: ${got}. ${fix}`)
    this.option = option
  }
}

/** The error codes we answer with (RFC 6749 4.1.2.1 and 5.2, RFC 6750 3.1, RFC 7591, RFC 8707, OpenID Connect Core 3.1.2.6). */
export const oauthErrorCodes = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'invalid_scope',
  'invalid_target',
  'invalid_redirect_uri',
  'invalid_client_metadata',
  'invalid_token',
  'access_denied',
  'consent_required',
  'login_required',
  'interaction_required',
  'account_selection_required',
  'server_error',
  'temporarily_unavailable',
] as const

export type OAuthErrorCode = (typeof oauthErrorCodes)[number]

/**
 * Something we depend on is out: our store, or the provider. Every endpoint answers 503 with Retry-After; nothing
 * is decided and nothing lost.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly code = 'unavailable'
  /** Seconds. */
  readonly retryAfter: number
  constructor(what: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfter = options.retryAfter ?? 2
  }
}

/** Thrown by `upstreamToken`: there is no provider token for this request (token issued elsewhere, or not kept). */
export class NoUpstreamToken extends Error {
  override readonly name = 'NoUpstreamToken'
  readonly code = 'no_upstream_token'
}

/** Thrown by `upstreamToken`: the provider ended the user's authorization. Only a new login helps. */
export class UpstreamEnded extends Error {
  override readonly name = 'UpstreamEnded'
  readonly code = 'upstream_ended'
}

/**
 * The body of a request cannot be read, for a reason its sender or the developer can do something about; whoever
 * answers says the message. An adapter lets the body's stream fail with it, when something it was mounted behind has
 * read the body and left nothing to give back. Answered with 400.
 *
 * @example
 * throw new UnreadableBody('The body was read before drawbridge(). Mount drawbridge() first.')
 */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody'
  readonly code = 'unreadable_body'
}

/** By name and not `instanceof`: two copies of this package may be installed side by side. */
export function isNamed<T extends Error>(error: unknown, name: T['name']): error is T {
  return error instanceof Error && error.name === name
}
