import { inTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import { isStillAllowed } from '../grants/requested-access.ts'
import type { UpstreamLogin } from '../identity/token-requests.ts'
import type { Upstream } from '../identity/upstream.ts'
import { UpstreamError } from '../identity/upstream-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { clockSkew } from '../records/records.ts'
import type { Approval, TransactionRecord } from '../records/transaction.ts'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import { type Completion, failed, loginDenied, loginFailed } from './complete-login.ts'
import type { LoginServer } from './login-attempt.ts'
import type { Conclusion } from './login-conclusion.ts'
import { reported } from './report.ts'
import { upstreamScopes } from './sign-in-location.ts'
import { signedIn } from './signed-in.ts'

type LoginFailure = DrawbridgeEvents['login.failed']['reason']

/** Milliseconds that the provider may take for all its answers together: each has a time-out of its own. */
const upstreamPatience = 60_000

/** The upstream leg's second half. Whatever it comes to is an answer for the client, never a dead end. */
export async function signInUpstream(
  server: LoginServer,
  request: Request,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
): Promise<Conclusion> {
  const { approval } = transaction
  const callback = new URL(request.url).searchParams
  const upstream = approval && server.upstreams.get(approval.provider)
  const isAllowed = transaction.page || (client && isStillAllowed(server, client, transaction))
  if (!approval || !upstream || !isAllowed) {
    const reason = upstream && client ? 'no_longer_allowed' : 'unknown_client'
    return failed('server_error', 'The login cannot be finished.', loginFailed(server, transaction, reason))
  }
  const error = callback.get('error')
  // Empty is left out (RFC 6749 3.1).
  if (error) return refusedThere(server, transaction, error)
  const leg: Leg = { upstream, approval, scopes: upstreamScopes(server, transaction, upstream.provider) }
  const redeemed_at = server.clock.now()
  let login: UpstreamLogin
  try {
    login = await redeemed(leg, callback)
  } catch (error) {
    return notRedeemed(server, transaction, error)
  }
  const who = signedInBy(leg, login, transaction.decided_at, redeemed_at)
  if (approval.prompt === 'login' && !hasSignedInSince(transaction.decided_at, login.claims?.auth_time)) {
    const text = 'The sign-in service did not ask the person to sign in again.'
    const denied = loginDenied(server, transaction, 'not_signed_in_again', text, 'login_required')
    return { ...denied, after: who.discard }
  }
  return signedIn(server, request, transaction, client, who)
}

/** One way through the provider. */
interface Leg {
  upstream: Upstream
  approval: Approval
  scopes: readonly string[]
}

function redeemed({ upstream, approval, scopes }: Leg, callback: URLSearchParams): Promise<UpstreamLogin> {
  const state = callback.get('state') ?? ''
  const late = () => new UpstreamError('unavailable', `the provider took longer than ${upstreamPatience} ms`)
  return inTime(upstream.redeem(callback, { ...approval, state, scopes }), upstreamPatience, late)
}

function notRedeemed(
  server: LoginServer,
  transaction: Readonly<TransactionRecord>,
  error: unknown,
): Completion {
  if (isNamed(error, 'AccessDenied')) return loginDenied(server, transaction, 'not_allowed', error.message)
  const reason = failureOf(error)
  const reference = loginFailed(server, transaction, reason, error)
  return reason === 'unavailable'
    ? failed('temporarily_unavailable', 'The sign-in service did not answer. Try again shortly.', reference)
    : failed('server_error', 'The sign-in service did not accept the login.', reference)
}

/** @param redeemed_at Unix milliseconds */
function signedInBy(
  { upstream, approval, scopes }: Leg,
  { identity, ...brought }: UpstreamLogin,
  decided_at: number,
  redeemed_at: number,
) {
  return {
    provider: upstream.provider,
    identity,
    upstream: {
      brought,
      // A second round comes after what was revoked before its code is redeemed; a first may have brought what is over.
      began_at: approval.again ? redeemed_at : (decided_at - clockSkew) * 1000,
      mayAskAgain: approval.again
        ? undefined
        : { forRefreshToken: approval.prompt !== 'none' && upstream.asksOtherwise(scopes) },
    },
    discard: () => discard(upstream, brought.tokens),
  }
}

/** Ends, at the provider, tokens that nothing stands on; where that ends nothing else. Who fails in it has lost nothing. */
async function discard({ provider, revoke }: Upstream, tokens: UpstreamTokens): Promise<void> {
  if (provider.revocation !== 'token') return
  await revoke(tokens).catch(() => {
    // They end by themselves.
  })
}

/** Whether the person signed in at the provider after they were sent there (OpenID Connect Core 2, `auth_time`). */
function hasSignedInSince(sent: number, auth_time: unknown): boolean {
  return typeof auth_time === 'number' && auth_time >= sent - clockSkew
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
  if (approval?.prompt === 'none' && isInteractionNeeded(error)) {
    const text = 'The sign-in service would have to ask the person something.'
    return loginDenied(server, transaction, 'interaction_required', text, error)
  }
  const reference = loginFailed(server, transaction, 'provider_error', error)
  return error === 'temporarily_unavailable'
    ? failed(error, 'The sign-in service is not available. Try again shortly.', reference)
    : failed('server_error', 'The sign-in service refused the login.', reference)
}

const interactionNeeded = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
] as const

/** OpenID Connect Core 3.1.2.6. */
function isInteractionNeeded(error: string): error is (typeof interactionNeeded)[number] {
  return interactionNeeded.some((known) => known === error)
}
