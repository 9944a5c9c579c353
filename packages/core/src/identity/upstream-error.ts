import * as oauth from 'oauth4webapi'
import { isNamed } from '../errors.ts'

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
      throw new UpstreamError(kind, `${provider.id} answered ${error.error}`, error)
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

/** How an event tells of a provider that could not be used. Only what it says of us is for an operator to mend. */
export function outageReason(error: unknown): 'misconfigured' | 'unavailable' {
  return isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'misconfigured'
    ? 'misconfigured'
    : 'unavailable'
}
