import { redirectKind } from '../clients/redirect-uri.ts'
import { unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed } from '../errors.ts'
import { isStillAllowed } from '../grants/requested-access.ts'
import { bodyForm, type Form, queryForm } from '../http/forms.ts'
import { redirect, withReference } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import type { Provider } from '../identity/provider.ts'
import { outage, type UpstreamError } from '../identity/upstream-error.ts'
import { OAuthError } from '../oauth-error.ts'
import { isOperators, type RegisteredClient } from '../records/client-metadata.ts'
import type {
  Approval,
  AuthorizationResponse,
  Transaction,
  TransactionRecord,
} from '../records/transaction.ts'
import type { ProtectedResource } from '../syntax/resource.ts'
import { isSameOrigin } from './browser/form-token.ts'
import { unknownClientText, withErrorPage } from './error-page.ts'
import { consentUrl } from './locations.ts'
import { clientLocation, redirectToClient } from './redirect-to-client.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'
import { signInLocation } from './sign-in-location.ts'

/** The consent page, between `/authorize` and the provider: who asks, for what, and where the answer goes. */
export function consentEndpoint(server: Server): Entry['methods'] | undefined {
  if (!server.engine.completeLogin) return undefined
  return {
    GET: withErrorPage(server, (request) => show(server, request)),
    POST: withErrorPage(server, (request) => decide(server, request)),
  }
}

async function show(server: Server, request: Request): Promise<Response> {
  const { emit, providers, resources, skipConsent, pages } = server
  const loaded = await load(server, request)
  if (!loaded.ok) return loaded.response
  const { transaction, handle, client, isOver } = loaded
  if (isOver) return expired(server, transaction.request.correlation)
  const { request: asked, id_hash } = transaction
  const { client_id } = client
  const [only, ...others] = providers
  if (skipConsent && only && others.length === 0) {
    const chosen = { ...loaded, provider: only.id, fresh: randomText() }
    return approve(server, request, chosen, 'consent.skipped')
  }
  const { csrf, cookie } = server.forms.issue(request, id_hash)
  const resource = resources.find(({ identifier }) => identifier === asked.resource)
  const response = await pages.consent({
    client: {
      id: client_id,
      name: client.client_name,
      uri: client.client_uri,
      listed: isOperators(client),
      verifiedDomain: client.source === 'document' ? new URL(client_id).host : undefined,
      doubted: server.clients.isDoubted(client),
      registeredAt: client.source === 'registered' ? client.client_id_issued_at : undefined,
    },
    redirect: { uri: asked.redirect_uri, kind: redirectKind(asked.redirect_uri).kind },
    scopes: asked.scopes.map((name) => ({
      name,
      description: resource?.scopes.descriptions.get(name),
      providerWords: providers.map((provider) => wordsOf(provider, name, resource)).find(Boolean),
    })),
    resource: { url: asked.resource, name: resource?.name },
    providers: providers.map(({ id, label, icon }) => ({ id, label, icon })),
    csrf,
    action: consentUrl(server.issuer, handle),
  })
  response.headers.append('set-cookie', cookie)
  emit({ type: 'consent.shown', client_id, correlation: asked.correlation })
  return response
}

/** Not where the operator gives the name another meaning: the words would not say what the provider is asked for. */
function wordsOf(
  provider: Provider,
  scope: string,
  resource: ProtectedResource | undefined,
): string | undefined {
  const mapping = resource?.scopes.upstream.get(scope)
  if (mapping && !mapping.get(provider.id)?.includes(scope)) return undefined
  const { descriptions = {} } = provider.type === 'oauth' ? provider.scopes : {}
  return Object.hasOwn(descriptions, scope) ? descriptions[scope] : undefined
}

const denial: AuthorizationResponse = { error: 'access_denied', error_description: 'The person said no.' }

async function decide(server: Server, request: Request): Promise<Response> {
  const { emit, issuer, issuerUrl, pages } = server
  if (!isSameOrigin(request, issuerUrl)) {
    const reference = reported(emit, { type: 'consent.refused', reason: 'cross_site' })
    return pages.error({ ...pages.messages.formRefused, status: 403, reference })
  }
  const form = await bodyForm(request)
  const loaded = await load(server, request)
  if (!loaded.ok) return loaded.response
  const { transaction, handle, isOver } = loaded
  const { correlation, client_id } = transaction.request
  const csrf = form.get('csrf')
  if (csrf === undefined || !server.forms.verify(request, transaction.id_hash, csrf)) {
    const reference = reported(emit, { type: 'consent.refused', reason: 'csrf', correlation })
    // Embedded windows drop cookies.
    const openUrl = consentUrl(server.issuer, handle)
    return pages.error({ ...pages.messages.formRefused, status: 403, openUrl, reference })
  }
  const decision = decisionOf(server, form)
  if (decision.provider !== undefined) {
    // A double click leads to one sign-in, whichever of its answers the browser takes.
    const fresh = server.forms.secret(request, transaction.id_hash, csrf)
    if (isOver || fresh === undefined) return expired(server, correlation)
    const chosen = { ...loaded, provider: decision.provider, fresh }
    return approve(server, request, chosen, 'consent.approved')
  }
  const denied = await server.transactions.decide(transaction, (current) =>
    isOpen(current) ? { ...current, outcome: { response: denial } } : undefined,
  )
  if (!denied || !isDenial(denied.value)) return expired(server, correlation)
  // Said before, when a double click says it again: the browser follows the second answer only.
  if (!isOver) emit({ type: 'consent.denied', client_id, correlation })
  const location = clientLocation(issuer, transaction.request, denial)
  return redirectToClient(server, transaction.request, location, 303)
}

/** What the form's buttons say, and nothing else: yes, by the one provider or by the chosen one, or no. */
function decisionOf({ providers }: Server, form: Form): { provider: string | undefined } {
  const [only, ...others] = providers
  const decision = form.get('decision')
  const provider = form.get('provider')
  if (decision === 'deny') return { provider: undefined }
  const isApproval = others.length === 0 ? decision === 'approve' : decision === undefined
  const chosen = others.length === 0 ? (provider ?? only?.id) : provider
  if (isApproval && providers.some(({ id }) => id === chosen)) return { provider: chosen }
  throw new OAuthError('invalid_request', 'The form says neither yes nor no.')
}

function isDenial({ outcome }: Readonly<TransactionRecord>): boolean {
  return JSON.stringify(outcome?.response) === JSON.stringify(denial)
}

/** Binds the transaction to this browser and sends it to the provider, with a verifier and nonce of our own. */
async function approve(
  server: Server,
  request: Request,
  chosen: Loaded & { provider: string; fresh: string },
  decision: 'consent.approved' | 'consent.skipped',
): Promise<Response> {
  const { binding, clock, emit, issuer, transactions } = server
  const { transaction, approval: earlier, provider, fresh } = chosen
  const { client_id, correlation } = transaction.request
  const bound = binding.bind(request, transaction.id_hash, earlier?.binding, fresh)
  const isThis = (approval: Approval | undefined) =>
    approval?.binding === bound.binding && approval.provider === provider
  const own = { provider, binding: bound.binding, code_verifier: randomText(), nonce: randomText() }
  // The last browser to approve is the one that may finish; a second click in the same one changes nothing.
  const approved = await transactions.decide(transaction, (current) =>
    isThis(current.approval) || !isOpen(current)
      ? undefined
      : { ...current, decided_at: unixTime(clock), approval: own },
  )
  const approval = approved?.value.approval
  if (!approved || !approval || !isThis(approval)) return expired(server, correlation)
  emit({ type: decision, client_id, provider, correlation })
  const status = request.method === 'POST' ? 303 : 302
  try {
    const state = transactions.state(transaction, approved)
    const location = await signInLocation(server, transaction.request, approval, state)
    if (location === undefined) return expired(server, correlation)
    return redirect(location, { status, cookies: [bound.cookie] })
  } catch (error) {
    if (!isNamed<UpstreamError>(error, 'UpstreamError')) throw error
    const reference = reported(emit, outage(provider, error, correlation))
    const location = clientLocation(issuer, transaction.request, {
      error: error.kind === 'unavailable' ? 'temporarily_unavailable' : 'server_error',
      error_description: withReference('The sign-in service cannot be reached.', reference),
    })
    return redirectToClient(server, transaction.request, location, status)
  }
}

interface Loaded {
  ok: true
  handle: string
  transaction: Transaction
  client: RegisteredClient
  /** What was approved before, by whichever browser. */
  approval: Approval | undefined
  /** It is decided, and cannot be decided otherwise. */
  isOver: boolean
}

/** The request that is to be decided, or the page for one that cannot be any more. */
async function load(server: Server, request: Request): Promise<Loaded | { ok: false; response: Response }> {
  const { clients, emit, pages, transactions } = server
  const refuse = async (response: Response | Promise<Response>) =>
    ({ ok: false, response: await response }) as const
  const handle = queryForm(request).get('transaction') ?? ''
  const transaction = transactions.open(handle)
  if (!transaction) return refuse(expired(server, undefined))
  const { client_id, correlation } = transaction.request
  const [record, client] = await Promise.all([transactions.record(transaction), clients.get(client_id)])
  if (!client) {
    const reference = reported(emit, { type: 'consent.refused', reason: 'unknown_client', correlation })
    return refuse(pages.error({ ...unknownClientText(server), status: 400, reference }))
  }
  if (!isStillAllowed(server, client, transaction.request)) {
    return refuse(expired(server, correlation, 'no_longer_allowed'))
  }
  return {
    ok: true,
    handle,
    transaction,
    client,
    approval: record?.value.approval,
    isOver: record !== undefined && !isOpen(record.value),
  }
}

/**
 * Whether consent may still be given or refused. Not once a callback is at work: whoever approved then would be the one
 * to receive the code that it obtains for somebody else.
 */
function isOpen({ outcome, attempt }: Readonly<TransactionRecord>): boolean {
  return !outcome && !attempt
}

function expired(
  { emit, pages }: Server,
  correlation: string | undefined,
  reason: 'unknown_transaction' | 'no_longer_allowed' = 'unknown_transaction',
): Promise<Response> {
  const reference = reported(emit, { type: 'consent.refused', reason, correlation })
  return pages.error({ ...pages.messages.linkExpired, status: 400, reference })
}
