import type { RequestContext } from '../auth.ts'
import { unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { isNamed, Unavailable } from '../errors.ts'
import { type DrawbridgeEvents, detailOf } from '../events.ts'
import { cookieJar } from '../http/cookies.ts'
import { queryForm } from '../http/forms.ts'
import { withReference } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { Upstream, UpstreamError } from '../identity/upstream.ts'
import { type GrantRecord, grantKey } from '../records/grant.ts'
import { update, type Versioned } from '../records/records.ts'
import { type TransactionRecord, transactionKey } from '../records/transaction.ts'
import { browserBinding } from './browser-binding.ts'
import { withErrorPage } from './error-page.ts'
import { type AuthorizationResponse, clientLocation, redirectToClient } from './redirect-to-client.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

type CallbackServer = Pick<
  Server,
  'config' | 'engine' | 'pages' | 'records' | 'upstreams' | 'createGrant' | 'urls'
>
type CallbackRefusal = DrawbridgeEvents['callback.refused']['reason']
type CallbackFailure = DrawbridgeEvents['callback.failed']['reason']

/** Milliseconds between looks while another request of the same browser is at work. */
const pollEvery = 200
/** Seconds after which a callback that began and did not finish is taken for crashed. */
const claimLifetime = 30

/**
 * Where one provider sends the browser back (RFC 6749 4.1.2): `/callback/<provider id>`. It finishes only in the
 * browser that consented, only for the provider that was chosen, and once; a reload is sent where the first went.
 */
export function callbackEndpoint(server: CallbackServer, providerId: string): Handler {
  const { config, pages, records } = server
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
    const handleHash = await sha256(state)
    const transaction = await records.get<TransactionRecord>(transactionKey(handleHash))
    if (!transaction) return refuse('unknown_transaction', 400)
    const { approval, correlation, exchanging_at, outcome } = transaction.value
    if (!approval) return refuse('not_approved', 400, correlation)
    if (!(await binding.holds(request, handleHash, approval.binding))) {
      // Embedded windows drop cookies: the same request can be begun again, with consent, in the real browser.
      const again = `${server.urls.consent}?transaction=${encodeURIComponent(state)}`
      const isOver = outcome !== undefined || exchanging_at !== undefined
      return refuse('other_browser', 403, correlation, isOver ? undefined : again)
    }
    if (approval.provider !== providerId) return refuse('other_provider', 400, correlation)
    const expectedIssuer = await server.upstreams.get(providerId)?.expectedIssuer()
    const iss = form.get('iss')
    if (iss !== undefined && expectedIssuer !== undefined && iss !== expectedIssuer) {
      return refuse('issuer_mismatch', 400, correlation)
    }
    if (outcome) return replay(server, transaction)
    const claimed = await claim(server, transaction)
    if (!claimed) return refuse('other_browser', 403, correlation)
    return claimed.value.outcome ? replay(server, claimed) : finish(server, claimed, request, context)
  })
}

/**
 * Of several requests with the same answer, one works and the others wait for what it comes to. `undefined` when another
 * browser has approved in the meantime: then it is the one that may finish.
 */
async function claim(
  { config, records }: CallbackServer,
  transaction: Versioned<TransactionRecord>,
): Promise<Versioned<TransactionRecord> | undefined> {
  const deadline = config.clock.now() + claimLifetime * 1000
  let current: Versioned<TransactionRecord> | undefined = transaction
  while (current && config.clock.now() <= deadline) {
    const now = unixTime(config.clock)
    const { approval, exchanging_at, outcome, expires_at } = current.value
    if (approval?.binding !== transaction.value.approval?.binding) return undefined
    if (outcome) return current
    if (exchanging_at === undefined || now - exchanging_at >= claimLifetime) {
      const value = { ...current.value, exchanging_at: now }
      const version = await records.put(current.key, value, {
        ifVersion: current.version,
        expiresAt: expires_at,
      })
      if (version !== undefined) return { ...current, value, version }
    } else {
      await config.clock.sleep(pollEvery)
    }
    current = await records.get<TransactionRecord>(current.key)
  }
  throw new Unavailable('callback: another request did not finish in time')
}

async function finish(
  server: CallbackServer,
  transaction: Versioned<TransactionRecord>,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const { config, records } = server
  const { response, grant, after, outage } = await exchange(
    server,
    transaction.value,
    new URL(request.url).searchParams,
  )
  const location = clientLocation(config.issuer, transaction.value, response)
  const noted = update<TransactionRecord>(
    records,
    transaction.key,
    (value) => value.expires_at,
    (value) => ({ ...value, outcome: { location, grant } }),
  )
  if (outage) {
    // The provider's code is spent. A reload is told what happened, if the store can keep even that.
    await noted.catch(() => {})
    throw outage
  }
  await noted
  const later = after?.().catch(() => {
    // The next login tries again.
  })
  if (later && context.waitUntil) context.waitUntil(later)
  else await later
  return redirectToClient(server, transaction.value, location, 302)
}

/** What a callback comes to. */
interface Exchanged {
  /** For the client, which is never left without one. */
  response: AuthorizationResponse
  grant?: string
  after?: () => Promise<void>
  /** Our own: the browser gets 503 now. */
  outage?: Unavailable
}

/** The upstream leg's second half. Whatever it comes to is an answer for the client, never a dead end. */
async function exchange(
  server: CallbackServer,
  transaction: Readonly<TransactionRecord>,
  callback: URLSearchParams,
): Promise<Exchanged> {
  const { config, engine, upstreams } = server
  const { approval, correlation } = transaction
  const upstream = approval && upstreams.get(approval.provider)
  const client = await engine.getClient(transaction.client_id)
  if (!approval || !upstream || !client) {
    const provider = approval?.provider ?? 'unknown'
    const reference = reported(config.emit, {
      type: 'callback.failed',
      provider,
      reason: 'unknown_client',
      correlation,
    })
    return { response: failed('server_error', withReference('The login cannot be finished.', reference)) }
  }
  const provider = approval.provider
  const error = callback.get('error')
  if (error !== null) {
    const reference = reported(
      config.emit,
      error === 'access_denied'
        ? { type: 'login.denied', provider, reason: 'cancelled', correlation }
        : {
            type: 'callback.failed',
            provider,
            reason: 'provider_error',
            detail: detailOf(error),
            correlation,
          },
    )
    return { response: providerError(error, reference) }
  }
  let login: Awaited<ReturnType<Upstream['exchange']>>
  try {
    const state = callback.get('state') ?? ''
    login = await upstream.exchange(callback, { ...approval, state, scopes: transaction.scopes })
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) {
      config.emit({ type: 'login.denied', provider, reason: 'not_allowed', correlation })
      return { response: failed('access_denied', error.message) }
    }
    const reason = failureOf(error)
    const detail = detailOf(error)
    const reference = reported(config.emit, {
      type: 'callback.failed',
      provider,
      reason,
      detail,
      correlation,
    })
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
  // From here on the provider has done its part, and what fails is ours.
  try {
    const { code, grant, tidy } = await server.createGrant({
      transaction,
      client,
      provider: upstream.provider,
      ...login,
    })
    return { response: { code }, grant, after: tidy }
  } catch (error) {
    if (isNamed<Unavailable>(error, 'Unavailable')) {
      const response = failed(
        'temporarily_unavailable',
        'This server cannot finish the login now. Try again.',
      )
      return { response, outage: error }
    }
    const detail = detailOf(error)
    const reference = reported(config.emit, {
      type: 'callback.failed',
      provider,
      reason: 'internal',
      detail,
      correlation,
    })
    return {
      response: failed('server_error', withReference('This server could not finish the login.', reference)),
    }
  }
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
  const { config, pages, records } = server
  const { client_id, correlation, outcome } = transaction.value
  config.emit({ type: 'callback.replayed', client_id, correlation })
  if (!outcome) return pages.done()
  if (outcome.grant !== undefined) {
    const grant = await records.get<GrantRecord>(grantKey(outcome.grant))
    if (!grant || grant.value.code.redeemed_at !== undefined) return pages.done()
  }
  return redirectToClient(server, transaction.value, outcome.location, 302)
}
