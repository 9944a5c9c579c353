import type { RequestContext } from '../auth.ts'
import type { RegisteredClient } from '../clients/metadata.ts'
import { unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import type { EngineAfterLogin } from '../engine.ts'
import { isNamed, OAuthError, Unavailable } from '../errors.ts'
import { type DrawbridgeEvents, detailOf } from '../events.ts'
import type { AskAgain } from '../grants/creation.ts'
import { cookieJar } from '../http/cookies.ts'
import { bodyParameters, queryForm } from '../http/forms.ts'
import { redirect, withReference } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { UpstreamLogin } from '../identity/upstream.ts'
import { outageReason, UpstreamError } from '../identity/upstream-error.ts'
import { clockSkew, update, type Versioned } from '../records/records.ts'
import {
  type AuthorizationResponse,
  type FoundTransaction,
  type TransactionRecord,
  transactionExpiry,
} from '../records/transaction.ts'
import { isStillAllowed } from './allowed-scopes.ts'
import { browserBinding } from './browser-binding.ts'
import { completeLogin } from './complete-login.ts'
import { withErrorPage } from './error-page.ts'
import { clientLocation, redirectToClient } from './redirect-to-client.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

type CallbackServer = Pick<Server, 'config' | 'pages' | 'records' | 'transactions' | 'upstreams' | 'urls'> & {
  engine: EngineAfterLogin
}
type CallbackRefusal = DrawbridgeEvents['callback.refused']['reason']
type CallbackFailure = DrawbridgeEvents['callback.failed']['reason']

/** Milliseconds between looks while another request of the same browser is at work. */
const pollEvery = 200
/** Milliseconds that a browser is kept waiting for it; shorter than the patience of most proxies. */
const patience = 30_000
/** Milliseconds that the provider may take for all its answers together: each has a time-out of its own. */
const upstreamPatience = 60_000
/** Seconds that a callback takes at most: the provider's time, and every time-out of the store after it. */
const longestAttempt = 150
/**
 * Seconds after which a callback that began and did not finish is taken for crashed: when it is over on any clock, since
 * the provider takes its code once.
 */
const claimLifetime = longestAttempt + clockSkew
/** Milliseconds before each further try to note an outcome that the browser has got already. */
const notingDelays = [1000, 5000, 15_000, 60_000]

/**
 * Where one provider sends the browser back (RFC 6749 4.1.2): `/callback/<provider id>`. It finishes only in the
 * browser that consented, only for the provider that was chosen, and once; a reload is sent where the first went.
 */
export function callbackEndpoint(server: CallbackServer, providerId: string): Handler {
  const { config, pages, transactions } = server
  const binding = browserBinding(cookieJar(config.issuerUrl), config.lifetimes.transaction)
  const refuse = (reason: CallbackRefusal, status: number, correlation?: string, openUrl?: string) => {
    const reference = reported(config.emit, { type: 'callback.refused', reason, correlation })
    const { linkExpired, otherBrowser } = pages.messages
    return pages.error({
      ...(reason === 'other_browser' ? otherBrowser : linkExpired),
      status,
      openUrl,
      reference,
    })
  }
  return withErrorPage(server, async (request, context) => {
    const form = queryForm(request)
    const state = form.get('state')
    if (state === undefined) return refuse('unknown_transaction', 400)
    const found = await transactions.find(state)
    const approval = found?.record.value.approval
    if (!found || !approval) return refuse('unknown_transaction', 400)
    const { correlation, attempt, outcome } = found.record.value
    if (!binding.holds(request, found.id_hash, approval.binding)) {
      const isOver = outcome !== undefined || attempt !== undefined
      return refuse('other_browser', 403, correlation, isOver ? undefined : anew(server, found))
    }
    if (approval.provider !== providerId) return refuse('other_provider', 400, correlation)
    const expectedIssuer = await server.upstreams.get(providerId)?.expectedIssuer()
    const iss = form.get('iss')
    if (iss !== undefined && expectedIssuer !== undefined && iss !== expectedIssuer) {
      return refuse('issuer_mismatch', 400, correlation)
    }
    if (outcome) return replay(server, found.record)
    const code = form.get('code')
    if (isSpent(found.record.value, code)) return toProvider(server, found.record.value, state)
    // Before the claim: an outage here costs nothing, and a reload begins at once.
    const client = await server.engine.getClient(found.record.value.client_id)
    const claimed = await claim(server, found.record)
    if (!claimed) return refuse('other_browser', 403, correlation)
    if (claimed.value.outcome) return replay(server, claimed)
    // Another request with the same answer has begun a second round in the meantime.
    if (claimed.value.approval?.code_verifier !== approval.code_verifier) {
      return toProvider(server, claimed.value, state)
    }
    return finish(server, claimed, client, request, context)
  })
}

/** Characters of an answer that is passed on in a URL: more than any server takes is not sent back and forth. */
const longestAnswer = 8192

/**
 * Takes the answer of a provider that posts it (OAuth 2.0 Form Post Response Mode). A browser sends no Lax cookie with
 * another site's form: it is sent to the same place again with a GET, where it brings the cookie.
 */
export function formPostEndpoint(server: CallbackServer, providerId: string): Handler {
  return withErrorPage(server, async (request) => {
    const parameters = String(await bodyParameters(request))
    if (parameters.length > longestAnswer) {
      throw new OAuthError('invalid_request', 'The answer of the sign-in service is too long.')
    }
    return redirect(`${server.urls.callback}${providerId}?${parameters}`, { status: 303 })
  })
}

/** Embedded windows drop cookies: the same request can be begun again, with consent, in the real browser. */
function anew({ transactions, urls }: CallbackServer, found: FoundTransaction): string {
  return `${urls.consent}?transaction=${transactions.again(found)}`
}

/**
 * Of several requests with the same answer, one works and the others wait for what it comes to. `undefined` when another
 * browser has approved in the meantime: then it is the one that may finish.
 *
 * @throws Unavailable when the other does not finish soon: a reload waits on
 */
async function claim(
  { config, records }: CallbackServer,
  transaction: Versioned<TransactionRecord>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const deadline = config.clock.now() + patience
  let current: Versioned<TransactionRecord> | undefined = transaction
  while (current && config.clock.now() <= deadline) {
    const { approval, outcome } = current.value
    if (approval?.binding !== transaction.value.approval?.binding) return undefined
    if (outcome || approval?.code_verifier !== transaction.value.approval?.code_verifier) return current
    if (!isAtWork(config, current.value)) {
      const attempt = { id: randomText(9), began_at: unixTime(config.clock) }
      const value = { ...current.value, attempt }
      const version = await records.put(current.key, value, {
        ifVersion: current.version,
        expiresAt: transactionExpiry(value),
      })
      if (version !== undefined) return { ...current, value, version }
    } else {
      await config.clock.sleep(pollEvery)
    }
    current = await reread(records, transaction)
  }
  throw new Unavailable('callback: another request did not finish in time')
}

/** The record as it stands now; `undefined` when its place was given to another. */
async function reread(
  records: CallbackServer['records'],
  { key, value }: Versioned<TransactionRecord>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const current = await records.get<TransactionRecord>(key)
  return current?.value.id_hash === value.id_hash ? current : undefined
}

async function finish(
  server: CallbackServer,
  transaction: Versioned<TransactionRecord>,
  client: RegisteredClient | undefined,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const { config } = server
  const callback = new URL(request.url).searchParams
  const exchanged = await exchange(server, transaction.value, client, callback)
  if (exchanged === 'again') return askAgain(server, transaction, callback)
  const { response, after, outage } = exchanged
  if (outage) {
    // The provider's code is spent. A reload is told what happened, if the store can keep even that.
    await settle(server, transaction, { response }).catch(() => {})
    throw outage
  }
  const noted = await settle(server, transaction, { response }).catch((error: unknown) => {
    // Nobody else can have begun anew, and the code that is stored already must not be lost with the note of it.
    if (isNamed(error, 'Unavailable') && isAtWork(config, transaction.value, longestAttempt))
      return 'later' as const
    throw error
  })
  if (noted === 'later') {
    const noting = noteLater(server, transaction, { response }).then(after)
    const later = noting.catch(() => {
      // A reload waits, and then begins anew.
    })
    context.waitUntil?.(later)
  } else {
    const later = after?.().catch(() => {
      // The next login tries again.
    })
    if (later && context.waitUntil) context.waitUntil(later)
    else await later
    if (noted) return replay(server, noted)
  }
  const location = clientLocation(config.issuer, transaction.value, response)
  return redirectToClient(server, transaction.value, location, 302)
}

/** Begins a second round at the provider, with a verifier and a nonce of its own. */
async function askAgain(
  server: CallbackServer,
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
  { config, upstreams }: CallbackServer,
  { approval, scopes, correlation }: Readonly<TransactionRecord>,
  state: string,
): Promise<Response> {
  const upstream = approval && upstreams.get(approval.provider)
  if (!approval || !upstream) throw new Unavailable('callback: the provider is no longer configured')
  try {
    return redirect(await upstream.authorizationUrl({ ...approval, state, scopes }))
  } catch (error) {
    // A reload tries again: the code that came first is not needed any more.
    const detail = detailOf(error)
    const { provider } = approval
    const reason = outageReason(error)
    config.emit({ type: 'upstream.unavailable', provider, reason, detail, correlation })
    throw new Unavailable('upstream: the provider cannot be asked again now', { cause: error })
  }
}

/** What a callback comes to. */
interface Exchanged {
  /** For the client, which is never left without one. */
  response: AuthorizationResponse
  after?: (() => Promise<void>) | undefined
  /** Our own: the browser gets 503 now. */
  outage?: Unavailable
}

/**
 * Notes the outcome, if this is still the attempt that may. Resolves to the record when it is not: this one took so long
 * that a reload began anew, and there is one outcome.
 */
async function settle(
  { config, records }: CallbackServer,
  transaction: Versioned<TransactionRecord>,
  outcome: NonNullable<TransactionRecord['outcome']>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const { id_hash, attempt } = transaction.value
  // Nearly always nobody has touched the record since it was claimed.
  const version = await records.put(
    transaction.key,
    { ...transaction.value, outcome },
    { ifVersion: transaction.version, expiresAt: transactionExpiry(transaction.value) },
  )
  if (version !== undefined) return undefined
  const deadline = config.clock.now() + patience
  while (config.clock.now() <= deadline) {
    let isOurs = true
    const current = await update<TransactionRecord>(records, transaction.key, transactionExpiry, (value) => {
      const isAnother = value.attempt?.id !== attempt?.id && isAtWork(config, value)
      isOurs = value.id_hash !== id_hash || (!value.outcome && !isAnother)
      return isOurs && value.id_hash === id_hash ? { ...value, outcome } : undefined
    })
    if (isOurs) return undefined
    if (current?.value.outcome) return current
    await config.clock.sleep(pollEvery)
  }
  throw new Unavailable('callback: another request did not finish in time')
}

/** Notes the outcome when the store is back. Its condition is the claim, however late it comes. */
async function noteLater(
  server: CallbackServer,
  transaction: Versioned<TransactionRecord>,
  outcome: NonNullable<TransactionRecord['outcome']>,
): Promise<void> {
  for (const [index, delay] of notingDelays.entries()) {
    await server.config.clock.sleep(delay)
    try {
      await settle(server, transaction, outcome)
      return
    } catch (error) {
      if (index === notingDelays.length - 1) throw error
    }
  }
}

/** Whether a callback may still be at work. */
function isAtWork(
  { clock }: CallbackServer['config'],
  { attempt }: Readonly<TransactionRecord>,
  lifetime: number = claimLifetime,
): boolean {
  return attempt !== undefined && unixTime(clock) - attempt.began_at < lifetime
}

/** The upstream leg's second half. Whatever it comes to is an answer for the client, never a dead end. */
async function exchange(
  server: CallbackServer,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
  callback: URLSearchParams,
): Promise<Exchanged | 'again'> {
  const { config, upstreams } = server
  const { approval, correlation } = transaction
  const upstream = approval && upstreams.get(approval.provider)
  if (!approval || !upstream || !client || !isStillAllowed(config, client, transaction)) {
    const provider = approval?.provider ?? 'unknown'
    const reason = upstream && client ? 'no_longer_allowed' : 'unknown_client'
    const reference = reported(config.emit, { type: 'callback.failed', provider, reason, correlation })
    return { response: failed('server_error', withReference('The login cannot be finished.', reference)) }
  }
  const provider = approval.provider
  const told = (reason: CallbackFailure, cause: unknown) => {
    const detail = detailOf(cause)
    return reported(config.emit, { type: 'callback.failed', provider, reason, detail, correlation })
  }
  const error = callback.get('error')
  // Empty is left out (RFC 6749 3.1).
  if (error) {
    const reference =
      error === 'access_denied'
        ? reported(config.emit, { type: 'login.denied', provider, reason: 'cancelled', correlation })
        : told('provider_error', error)
    return { response: providerError(error, reference) }
  }
  let login: UpstreamLogin
  const redeemed_at = config.clock.now()
  try {
    const state = callback.get('state') ?? ''
    const leg = upstream.exchange(callback, { ...approval, state, scopes: transaction.scopes })
    login = await inTime(leg)
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) {
      config.emit({ type: 'login.denied', provider, reason: 'not_allowed', correlation })
      return { response: failed('access_denied', error.message) }
    }
    const reason = failureOf(error)
    const reference = told(reason, error)
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
  const { id_hash, decided_at, approval: done, attempt, outcome, ...request } = transaction
  // From here on the provider has done its part, and what fails is ours.
  try {
    const { code, tidy } = await completeLogin(server.engine, {
      request,
      client,
      provider: upstream.provider,
      login,
      // A second round comes after what was revoked before its code is redeemed; a first may have brought what is over.
      began_at: approval.again ? redeemed_at : (transaction.decided_at - clockSkew) * 1000,
      mayAskAgain: approval.again
        ? undefined
        : { forRefreshToken: upstream.asksOtherwise(transaction.scopes) },
    })
    return { response: { code }, after: tidy }
  } catch (error) {
    if (isNamed<AskAgain>(error, 'AskAgain')) return 'again'
    if (isNamed<Unavailable>(error, 'Unavailable')) {
      const response = failed(
        'temporarily_unavailable',
        'This server cannot finish the login now. Try again.',
      )
      return { response, outage: error }
    }
    const reference = told('internal', error)
    return {
      response: failed('server_error', withReference('This server could not finish the login.', reference)),
    }
  }
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

function failed(
  error: 'access_denied' | 'server_error' | 'temporarily_unavailable',
  text: string,
): AuthorizationResponse {
  return { error, error_description: printable(text) }
}

/** RFC 6749 4.1.2.1: printable ASCII without quotes and backslashes. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, ' ').slice(0, 200)
}

/** A reload goes where the first request went, as long as that still leads somewhere. */
async function replay(server: CallbackServer, transaction: Versioned<TransactionRecord>): Promise<Response> {
  const { config, engine, pages } = server
  const { client_id, correlation, outcome } = transaction.value
  config.emit({ type: 'callback.replayed', client_id, correlation })
  if (!outcome) return pages.done()
  if ('code' in outcome.response) {
    const loaded = await engine.loadCode(outcome.response.code)
    if (!loaded || loaded.refused || loaded.redeemed) return pages.done()
  }
  const location = clientLocation(config.issuer, transaction.value, outcome.response)
  return redirectToClient(server, transaction.value, location, 302)
}
