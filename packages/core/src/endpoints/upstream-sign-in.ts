import { inTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import { withReference } from '../http/responses.ts'
import type { UpstreamLogin } from '../identity/upstream.ts'
import { UpstreamError } from '../identity/upstream-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { clockSkew } from '../records/records.ts'
import type { AuthorizationResponse, TransactionRecord } from '../records/transaction.ts'
import { isStillAllowed } from './allowed-scopes.ts'
import { type Completion, completeLogin, failed, loginFailed } from './complete-login.ts'
import type { LoginServer } from './login-attempt.ts'
import { reported } from './report.ts'
import { upstreamScopes } from './sign-in-location.ts'

type LoginFailure = DrawbridgeEvents['login.failed']['reason']

/** Milliseconds that the provider may take for all its answers together: each has a time-out of its own. */
const upstreamPatience = 60_000

/** The upstream leg's second half. Whatever it comes to is an answer for the client, never a dead end. */
export async function signInUpstream(
  server: LoginServer,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
  callback: URLSearchParams,
): Promise<Completion | 'again'> {
  const { clock, emit, upstreams } = server
  const { approval, correlation } = transaction
  const upstream = approval && upstreams.get(approval.provider)
  if (!approval || !upstream || !client || !isStillAllowed(server, client, transaction)) {
    const reason = upstream && client ? 'no_longer_allowed' : 'unknown_client'
    const reference = loginFailed(server, transaction, reason)
    return { response: failed('server_error', withReference('The login cannot be finished.', reference)) }
  }
  const { provider } = approval
  const error = callback.get('error')
  // Empty is left out (RFC 6749 3.1).
  if (error) {
    const reference =
      error === 'access_denied'
        ? reported(emit, { type: 'login.denied', provider, reason: 'cancelled', correlation })
        : loginFailed(server, transaction, 'provider_error', error)
    return { response: providerError(error, reference) }
  }
  let login: UpstreamLogin
  const scopes = upstreamScopes(server, transaction, upstream.provider)
  const redeemed_at = clock.now()
  try {
    const state = callback.get('state') ?? ''
    const leg = upstream.redeem(callback, { ...approval, state, scopes })
    login = await inTime(leg, upstreamPatience, tooLate)
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) {
      emit({ type: 'login.denied', provider, reason: 'not_allowed', correlation })
      return { response: failed('access_denied', error.message) }
    }
    const reason = failureOf(error)
    const reference = loginFailed(server, transaction, reason, error)
    return {
      response:
        reason === 'unavailable'
          ? failed(
              'temporarily_unavailable',
              withReference('The sign-in service did not answer. Try again shortly.', reference),
            )
          : failed('server_error', withReference('The sign-in service did not accept the login.', reference)),
    }
  }
  const { identity, ...brought } = login
  return completeLogin(server, transaction, {
    client,
    provider: upstream.provider,
    identity,
    upstream: {
      brought,
      // A second round comes after what was revoked before its code is redeemed; a first may have brought what is over.
      began_at: approval.again ? redeemed_at : (transaction.decided_at - clockSkew) * 1000,
      mayAskAgain: approval.again ? undefined : { forRefreshToken: upstream.asksOtherwise(scopes) },
    },
  })
}

function tooLate(): UpstreamError {
  return new UpstreamError('unavailable', `the provider took longer than ${upstreamPatience} ms`)
}

function failureOf(error: unknown): LoginFailure {
  if (!isNamed<UpstreamError>(error, 'UpstreamError')) return 'internal'
  return error.kind === 'ended' ? 'code_refused' : error.kind
}

function providerError(error: string, reference: string): AuthorizationResponse {
  switch (error) {
    case 'access_denied':
      return failed('access_denied', 'The login was cancelled at the sign-in service.')
    case 'temporarily_unavailable':
      return failed(
        'temporarily_unavailable',
        withReference('The sign-in service is not available. Try again shortly.', reference),
      )
    default:
      return failed('server_error', withReference('The sign-in service refused the login.', reference))
  }
}
