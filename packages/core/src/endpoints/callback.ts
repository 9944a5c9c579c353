import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed, Unavailable } from '../errors.ts'
import { type DrawbridgeEvents, detailOf } from '../events.ts'
import { bodyParameters, queryForm } from '../http/forms.ts'
import { redirect, withReference } from '../http/responses.ts'
import type { Entry, Handler } from '../http/router.ts'
import type { Provider } from '../identity/provider.ts'
import type { UpstreamLogin } from '../identity/upstream.ts'
import { outageReason, UpstreamError } from '../identity/upstream-error.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { clockSkew, type Versioned } from '../records/records.ts'
import {
  type AuthorizationResponse,
  type TransactionRecord,
  transactionExpiry,
} from '../records/transaction.ts'
import { isStillAllowed } from './allowed-scopes.ts'
import { type Completion, completeLogin, failed, loginFailed } from './complete-login.ts'
import { withErrorPage } from './error-page.ts'
import { callbackUrl } from './locations.ts'
import { claim, finish, type LoginServer, loginServer, replay } from './login-attempt.ts'
import { reported } from './report.ts'
import { refusal, returningBrowser } from './returning-browser.ts'
import type { Server } from './server.ts'

type CallbackRefusal = DrawbridgeEvents['callback.refused']['reason']
type CallbackFailure = DrawbridgeEvents['login.failed']['reason']

/** Milliseconds that the provider may take for all its answers together: each has a time-out of its own. */
const upstreamPatience = 60_000

/**
 * Where one provider sends the browser back (RFC 6749 4.1.2): `/callback/<provider id>`. It finishes only in the
 * browser that consented, only for the provider that was chosen, and once; a reload is sent where the first went.
 */
export function callbackEndpoint(given: Server, provider: Provider): Entry['methods'] | undefined {
  const server = loginServer(given)
  if (!server || provider.type !== 'oauth') return undefined
  return {
    GET: callback(server, provider.id),
    ...(provider.response_mode === 'form_post' && { POST: formPost(server, provider.id) }),
  }
}

function callback(server: LoginServer, providerId: string): Handler {
  const refuse = refusal(server, (reason: CallbackRefusal, correlation) =>
    reported(server.emit, { type: 'callback.refused', reason, correlation }),
  )
  return withErrorPage(server, async (request, context) => {
    const form = queryForm(request)
    const state = form.get('state') ?? ''
    const returned = await returningBrowser(server, request, { state, provider: providerId })
    if (!returned.ok) return refuse(returned.reason, returned)
    const { record, approval } = returned
    const { correlation, outcome } = record.value
    const expectedIssuer = await server.upstreams.get(providerId)?.expectedIssuer()
    const iss = form.get('iss')
    if (iss !== undefined && expectedIssuer !== undefined && iss !== expectedIssuer) {
      return refuse('issuer_mismatch', { correlation })
    }
    if (outcome) return replay(server, record, 302)
    if (isSpent(record.value, form.get('code'))) return toProvider(server, record.value, state)
    // Before the claim: an outage here costs nothing, and a reload begins at once.
    const client = await server.engine.getClient(record.value.client_id)
    const claimed = await claim(server, record)
    if (!claimed) return refuse('other_browser', { correlation })
    if (claimed.value.outcome) return replay(server, claimed, 302)
    // Another request with the same answer has begun a second round in the meantime.
    if (claimed.value.approval?.code_verifier !== approval.code_verifier) {
      return toProvider(server, claimed.value, state)
    }
    const callback = new URL(request.url).searchParams
    const completion = await signInUpstream(server, claimed.value, client, callback)
    if (completion === 'again') return askAgain(server, claimed, callback)
    return finish(server, claimed, completion, context, 302)
  })
}

/** Characters of an answer that is passed on in a URL: more than any server takes is not sent back and forth. */
const longestAnswer = 8192

/**
 * Takes the answer of a provider that posts it (OAuth 2.0 Form Post Response Mode). A browser sends no Lax cookie with
 * another site's form: it is sent to the same place again with a GET, where it brings the cookie.
 */
function formPost(server: LoginServer, providerId: string): Handler {
  return withErrorPage(server, async (request) => {
    const parameters = String(await bodyParameters(request))
    if (parameters.length > longestAnswer) {
      throw new OAuthError('invalid_request', 'The answer of the sign-in service is too long.')
    }
    return redirect(`${callbackUrl(server.issuer, providerId)}?${parameters}`, { status: 303 })
  })
}

/** Begins a second round at the provider, with a verifier and a nonce of its own. */
async function askAgain(
  server: LoginServer,
  transaction: Versioned<TransactionRecord>,
  callback: URLSearchParams,
): Promise<Response> {
  const { records } = server
  const { approval, attempt, ...rest } = transaction.value
  if (!approval) throw new Unavailable('callback: nothing was approved')
  const again = { spent_code: sha256(callback.get('code') ?? '') }
  const value: TransactionRecord = {
    ...rest,
    approval: { ...approval, code_verifier: randomText(), nonce: randomText(), again },
  }
  const version = await records.put(transaction.key, value, {
    ifVersion: transaction.version,
    expiresAt: transactionExpiry(value),
  })
  if (version === undefined) throw new Unavailable('callback: another request was faster')
  return toProvider(server, value, callback.get('state') ?? '')
}

/** Whether this code brought the browser to a second round. */
function isSpent({ approval }: Readonly<TransactionRecord>, code: string | undefined): boolean {
  return approval?.again !== undefined && approval.again.spent_code === sha256(code ?? '')
}

/** To the second round, from wherever the first one's answer is loaded. */
async function toProvider(
  { emit, upstreams }: LoginServer,
  { approval, scopes, prompt, login_hint, correlation }: Readonly<TransactionRecord>,
  state: string,
): Promise<Response> {
  const upstream = approval && upstreams.get(approval.provider)
  if (!approval || !upstream) throw new Unavailable('callback: the provider is no longer configured')
  try {
    return redirect(await upstream.authorizationUrl({ ...approval, state, scopes, prompt, login_hint }))
  } catch (error) {
    // A reload tries again: the code that came first is not needed any more.
    const detail = detailOf(error)
    const { provider } = approval
    const reason = outageReason(error)
    emit({ type: 'upstream.unavailable', provider, reason, detail, correlation })
    throw new Unavailable('upstream: the provider cannot be asked again now', { cause: error })
  }
}

/** The upstream leg's second half. Whatever it comes to is an answer for the client, never a dead end. */
async function signInUpstream(
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
  const redeemed_at = clock.now()
  try {
    const state = callback.get('state') ?? ''
    const leg = upstream.redeem(callback, { ...approval, state, scopes: transaction.scopes })
    login = await inTime(leg)
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
      mayAskAgain: approval.again
        ? undefined
        : { forRefreshToken: upstream.asksOtherwise(transaction.scopes) },
    },
  })
}

/** Gives the provider up for this login; what it may still answer has no effect. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(upstreamPatience)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new UpstreamError('unavailable', `the provider took longer than ${upstreamPatience} ms`))
    })
  })
  return Promise.race([work, late])
}

function failureOf(error: unknown): CallbackFailure {
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
