import { inTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import { isStillAllowed } from '../grants/requested-access.ts'
import type { UpstreamLogin } from '../identity/token-requests.ts'
import { UpstreamError } from '../identity/upstream-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { clockSkew } from '../records/records.ts'
import type { TransactionRecord } from '../records/transaction.ts'
import { type Completion, completeLogin, failed, loginDenied, loginFailed } from './complete-login.ts'
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
  const { clock, upstreams } = server
  const { approval } = transaction
  const upstream = approval && upstreams.get(approval.provider)
  if (!approval || !upstream || !client || !isStillAllowed(server, client, transaction)) {
    const reason = upstream && client ? 'no_longer_allowed' : 'unknown_client'
    return failed('server_error', 'The login cannot be finished.', loginFailed(server, transaction, reason))
  }
  const error = callback.get('error')
  // Empty is left out (RFC 6749 3.1).
  if (error) return refusedThere(server, transaction, error)
  let login: UpstreamLogin
  const scopes = upstreamScopes(server, transaction, upstream.provider)
  const redeemed_at = clock.now()
  try {
    const state = callback.get('state') ?? ''
    const leg = upstream.redeem(callback, { ...approval, state, scopes })
    const late = () =>
      new UpstreamError('unavailable', `the provider took longer than ${upstreamPatience} ms`)
    login = await inTime(leg, upstreamPatience, late)
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) return loginDenied(server, transaction, 'not_allowed', error.message)
    const reason = failureOf(error)
    const reference = loginFailed(server, transaction, reason, error)
    return reason === 'unavailable'
      ? failed('temporarily_unavailable', 'The sign-in service did not answer. Try again shortly.', reference)
      : failed('server_error', 'The sign-in service did not accept the login.', reference)
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

function failureOf(error: unknown): LoginFailure {
  if (!isNamed<UpstreamError>(error, 'UpstreamError')) return 'internal'
  return error.kind === 'ended' ? 'code_refused' : error.kind
}

/** The provider sent the browser back with an error (RFC 6749 4.1.2.1). */
function refusedThere(
  server: LoginServer,
  transaction: Readonly<TransactionRecord>,
  error: string,
): Completion {
  const { approval, correlation } = transaction
  if (error === 'access_denied') {
    const provider = approval?.provider ?? 'unknown'
    reported(server.emit, { type: 'login.denied', provider, reason: 'cancelled', correlation })
    return failed('access_denied', 'The login was cancelled at the sign-in service.')
  }
  const reference = loginFailed(server, transaction, 'provider_error', error)
  return error === 'temporarily_unavailable'
    ? failed(error, 'The sign-in service is not available. Try again shortly.', reference)
    : failed('server_error', 'The sign-in service refused the login.', reference)
}
