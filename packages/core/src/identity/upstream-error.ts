import * as oauth from 'oauth4webapi'
import { isNamed } from '../errors.ts'
import { detailOf, type Emit, type Occurrence, redacted } from '../events.ts'

/**
 * - `ended`: the provider says this code or refresh token is dead.
 * - `misconfigured`: it refuses us, or answers what it should not; an operator must look.
 * - `unavailable`: no decision; later may help.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly kind: 'ended' | 'misconfigured' | 'unavailable'
  constructor(kind: UpstreamError['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** Classifies whatever the leg threw, so that an outage is never taken for an end. */
export async function classified<T>(provider: { id: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isNamed(error, 'AccessDenied') || isNamed(error, 'UpstreamError')) throw error
    if (error instanceof oauth.ResponseBodyError) {
      const kind =
        error.error === 'invalid_grant'
          ? 'ended'
          : error.error === 'temporarily_unavailable' || error.error === 'server_error'
            ? 'unavailable'
            : 'misconfigured'
      throw new UpstreamError(kind, `${provider.id} answered ${inFull(error)}`, error)
    }
    if (
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.WWWAuthenticateChallengeError
    ) {
      throw new UpstreamError('misconfigured', `${provider.id}: ${error.message}`, error)
    }
    throw new UpstreamError('unavailable', `${provider.id} could not be reached`, error)
  }
}

/**
 * What it says, for the operator alone: of its description the first line, which may be long, quote what we sent, or be no
 * text at all.
 */
function inFull({ error, error_description }: { error: string; error_description?: unknown }): string {
  const [line = ''] = typeof error_description === 'string' ? error_description.split(/[\r\n]/, 1) : []
  return line ? `${error}: ${redacted(line).slice(0, 200)}` : error
}

/** How an event tells of a provider that could not be used. Only what it says of us is for an operator to mend. */
export function outage(provider: string, error: unknown, correlation: string): Occurrence {
  const isOurs = isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'misconfigured'
  const reason = isOurs ? 'misconfigured' : 'unavailable'
  return { type: 'upstream.unavailable', provider, reason, detail: detailOf(error), correlation }
}

export function tellOutage(emit: Emit, provider: string, error: unknown, correlation: string): void {
  emit(outage(provider, error, correlation))
}

/** Error codes (RFC 6749 5.2) that are about the app, whoever the user. */
const aboutTheApp = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type']

/**
 * Whether the provider refuses another token for this user. Any code may say so that is not about the app, and even
 * `invalid_request` may mean the token it was shown (RFC 8693 2.2.2).
 */
export function isRefusal(error: unknown): boolean {
  if (!isNamed<UpstreamError>(error, 'UpstreamError') || error.kind === 'unavailable') return false
  const { cause } = error
  return cause instanceof oauth.ResponseBodyError && !aboutTheApp.includes(cause.error)
}
