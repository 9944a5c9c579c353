import { redirectKind } from '../clients/redirect-uri.ts'
import { unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed } from '../errors.ts'
import { detailOf } from '../events.ts'
import { cookieJar } from '../http/cookies.ts'
import { bodyForm, queryForm } from '../http/forms.ts'
import { redirect, withReference } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { UpstreamError } from '../identity/upstream.ts'
import { update, type Versioned } from '../records/records.ts'
import { type Approval, type TransactionRecord, transactionKey } from '../records/transaction.ts'
import { type BrowserBinding, browserBinding } from './browser-binding.ts'
import { withErrorPage } from './error-page.ts'
import { type FormTokens, formTokens, isSameOrigin } from './form-token.ts'
import { clientLocation, redirectToClient } from './redirect-to-client.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

type ConsentServer = Pick<Server, 'config' | 'engine' | 'pages' | 'records' | 'upstreams' | 'urls'>

/** The consent page, between `/authorize` and the provider: who asks, for what, and where the answer goes. */
export function consentEndpoint(server: ConsentServer): { GET: Handler; POST: Handler } {
  const { config } = server
  const jar = cookieJar(config.issuerUrl)
  const forms = formTokens(config.ring, jar, config.lifetimes.transaction)
  const binding = browserBinding(jar, config.lifetimes.transaction)
  return {
    GET: withErrorPage(server, (request) => show(server, { forms, binding }, request)),
    POST: withErrorPage(server, (request) => decide(server, { forms, binding }, request)),
  }
}

interface BrowserChecks {
  forms: FormTokens
  binding: BrowserBinding
}

async function show(server: ConsentServer, checks: BrowserChecks, request: Request): Promise<Response> {
  const { config, pages, engine } = server
  const { transaction, correlation, handle, handleHash } = await load(server, request)
  if (!transaction) return expired(server, correlation)
  const { value } = transaction
  const { client_id } = value
  const client = await engine.getClient(client_id)
  if (!client) {
    const reference = reported(config.emit, {
      type: 'consent.refused',
      reason: 'unknown_client',
      correlation,
    })
    return pages.error({ ...pages.messages.unknownClient, status: 400, reference })
  }
  const [only, ...others] = config.providers
  if (config.skipConsent && only && others.length === 0) {
    const chosen = { transaction, handle, handleHash, provider: only.id }
    return approve(server, checks.binding, request, chosen, 'consent.skipped')
  }
  const { csrf, cookie } = await checks.forms.issue(request, handleHash)
  const resource = config.resources.find(({ identifier }) => identifier === value.resource)
  const response = await pages.consent({
    client: {
      id: client.client_id,
      name: client.client_name,
      uri: client.client_uri,
      listed: client.static,
      registeredAt: client.static ? undefined : client.client_id_issued_at,
    },
    redirect: { uri: value.redirect_uri, kind: redirectKind(value.redirect_uri).kind },
    scopes: value.scopes.map((name) => ({ name })),
    resource: { url: value.resource, name: resource?.name },
    providers: config.providers.map(({ id, label }) => ({ id, label })),
    csrf,
    action: `${server.urls.consent}?transaction=${handle}`,
  })
  response.headers.append('set-cookie', cookie)
  config.emit({ type: 'consent.shown', client_id, correlation })
  return response
}

async function decide(server: ConsentServer, checks: BrowserChecks, request: Request): Promise<Response> {
  const { config, pages } = server
  if (!isSameOrigin(request, config.issuerUrl)) {
    const reference = reported(config.emit, { type: 'consent.refused', reason: 'cross_site' })
    return pages.error({ ...pages.messages.formRefused, status: 403, reference })
  }
  const { transaction, correlation, handle, handleHash } = await load(server, request)
  const form = await bodyForm(request)
  if (!transaction) return expired(server, correlation)
  if (!(await checks.forms.verify(request, handleHash, form.get('csrf')))) {
    const reference = reported(config.emit, { type: 'consent.refused', reason: 'csrf', correlation })
    return pages.error({ ...pages.messages.formRefused, status: 403, reference })
  }
  const [only, ...others] = config.providers
  const provider = form.get('provider') ?? (others.length === 0 ? only?.id : undefined)
  if (form.get('decision') !== 'deny' && provider !== undefined && server.upstreams.has(provider)) {
    const chosen = { transaction, handle, handleHash, provider }
    return approve(server, checks.binding, request, chosen, 'consent.approved')
  }
  const location = clientLocation(config.issuer, transaction.value, {
    error: 'access_denied',
    error_description: 'The person said no.',
  })
  const denied = await update<TransactionRecord>(
    server.records,
    transaction.key,
    (current) => current.expires_at,
    (current) => (isOpen(current) ? { ...current, outcome: { location } } : undefined),
  )
  if (denied?.value.outcome?.location !== location) return expired(server, correlation)
  config.emit({ type: 'consent.denied', client_id: transaction.value.client_id, correlation })
  return redirectToClient(server, transaction.value, location, 303)
}

/** Binds the transaction to this browser and sends it to the provider, with a verifier and nonce of our own. */
async function approve(
  server: ConsentServer,
  binding: BrowserBinding,
  request: Request,
  chosen: { transaction: Versioned<TransactionRecord>; handle: string; handleHash: string; provider: string },
  decision: 'consent.approved' | 'consent.skipped',
): Promise<Response> {
  const { config, upstreams, records } = server
  const { transaction, handle, handleHash, provider } = chosen
  const { value } = transaction
  const bound = await binding.bind(request, handleHash, value.approval?.binding)
  const isThis = (approval: Approval | undefined) =>
    approval?.binding === bound.binding && approval.provider === provider
  const code_verifier = randomText()
  const nonce = randomText()
  // The last browser to approve is the one that may finish; a second click in the same one changes nothing.
  const approved = await update<TransactionRecord>(
    records,
    transaction.key,
    (current) => current.expires_at,
    (current) =>
      isThis(current.approval) || !isOpen(current)
        ? undefined
        : { ...current, approval: { provider, binding: bound.binding, code_verifier, nonce } },
  )
  const approval = approved?.value.approval
  if (!approval || !isThis(approval)) return expired(server, value.correlation)
  const { client_id, correlation } = value
  config.emit({ type: decision, client_id, provider, correlation })
  try {
    const location = await upstreams
      .get(provider)
      ?.authorizationUrl({ ...approval, state: handle, scopes: value.scopes })
    if (location === undefined) return expired(server, correlation)
    return redirect(location, { status: request.method === 'POST' ? 303 : 302, cookies: [bound.cookie] })
  } catch (error) {
    if (!isNamed<UpstreamError>(error, 'UpstreamError')) throw error
    const reference = reported(config.emit, {
      type: 'upstream.unavailable',
      provider,
      reason: error.kind === 'unavailable' ? 'unavailable' : 'misconfigured',
      detail: detailOf(error),
      correlation,
    })
    const location = clientLocation(config.issuer, value, {
      error: error.kind === 'unavailable' ? 'temporarily_unavailable' : 'server_error',
      error_description: withReference('The sign-in service cannot be reached.', reference),
    })
    return redirectToClient(server, value, location, request.method === 'POST' ? 303 : 302)
  }
}

async function load(
  { config, records }: ConsentServer,
  request: Request,
): Promise<{
  transaction: Versioned<TransactionRecord> | undefined
  /** Also of a transaction that is over. */
  correlation: string | undefined
  handle: string
  handleHash: string
}> {
  const handle = queryForm(request).get('transaction') ?? ''
  const handleHash = await sha256(handle)
  const record = await records.get<TransactionRecord>(transactionKey(handleHash))
  const usable = record && isOpen(record.value) && unixTime(config.clock) < record.value.expires_at
  const correlation = record?.value.correlation
  return { transaction: usable ? record : undefined, correlation, handle, handleHash }
}

/**
 * Whether consent may still be given or refused. Not once a callback is at work: whoever approved then would be the one
 * to receive the code that it obtains for somebody else.
 */
function isOpen({ outcome, exchanging_at }: Readonly<TransactionRecord>): boolean {
  return !outcome && exchanging_at === undefined
}

function expired({ config, pages }: ConsentServer, correlation: string | undefined): Promise<Response> {
  const reference = reported(config.emit, {
    type: 'consent.refused',
    reason: 'unknown_transaction',
    correlation,
  })
  return pages.error({ ...pages.messages.linkExpired, status: 400, reference })
}
