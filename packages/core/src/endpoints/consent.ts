import { redirectKind } from '../clients/redirect-uri.ts'
import { unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed } from '../errors.ts'
import { cookieJar } from '../http/cookies.ts'
import { bodyForm, queryForm } from '../http/forms.ts'
import { redirect } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { UpstreamError } from '../identity/upstream.ts'
import type { Versioned } from '../records/records.ts'
import { type Approval, type TransactionRecord, transactionKey } from '../records/transaction.ts'
import { type BrowserBinding, browserBinding } from './browser-binding.ts'
import { withErrorPage } from './error-page.ts'
import { type FormTokens, formTokens, isSameOrigin } from './form-token.ts'
import { clientLocation, redirectToClient } from './redirect-to-client.ts'
import type { Server } from './server.ts'

type ConsentServer = Pick<Server, 'config' | 'engine' | 'pages' | 'records' | 'upstreams' | 'urls'>

/** The consent page, between `/authorize` and the provider: who asks, for what, and where the answer goes. */
export function consentEndpoint(server: ConsentServer): { GET: Handler; POST: Handler } {
  const { config, pages } = server
  const jar = cookieJar(config.issuerUrl)
  const forms = formTokens(config.ring, jar, config.lifetimes.transaction)
  const binding = browserBinding(jar, config.lifetimes.transaction)
  return {
    GET: withErrorPage(pages, (request) => show(server, { forms, binding }, request)),
    POST: withErrorPage(pages, (request) => decide(server, { forms, binding }, request)),
  }
}

interface BrowserChecks {
  forms: FormTokens
  binding: BrowserBinding
}

async function show(server: ConsentServer, checks: BrowserChecks, request: Request): Promise<Response> {
  const { config, pages, engine } = server
  const { transaction, handle, handleHash } = await load(server, request)
  if (!transaction) return expired(server)
  const { value } = transaction
  const client = await engine.getClient(value.client_id)
  if (!client) return pages.error({ ...pages.messages.unknownClient, status: 400 })
  const [only, ...others] = config.providers
  if (config.skipConsent && only && others.length === 0) {
    return approve(server, checks.binding, request, { transaction, handle, handleHash, provider: only.id })
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
  return response
}

async function decide(server: ConsentServer, checks: BrowserChecks, request: Request): Promise<Response> {
  const { config, pages } = server
  if (!isSameOrigin(request, config.issuerUrl)) {
    config.emit({ type: 'consent.refused', reason: 'cross_site' })
    return pages.error({ ...pages.messages.formRefused, status: 403 })
  }
  const { transaction, handle, handleHash } = await load(server, request)
  const form = await bodyForm(request)
  if (!transaction) return expired(server)
  const { client_id, correlation } = transaction.value
  if (!(await checks.forms.verify(request, handleHash, form.get('csrf')))) {
    config.emit({ type: 'consent.refused', reason: 'csrf', correlation })
    return pages.error({ ...pages.messages.formRefused, status: 403 })
  }
  const [only, ...others] = config.providers
  const provider = form.get('provider') ?? (others.length === 0 ? only?.id : undefined)
  if (form.get('decision') !== 'deny' && provider !== undefined && server.upstreams.has(provider)) {
    config.emit({ type: 'consent.approved', client_id, correlation })
    return approve(server, checks.binding, request, { transaction, handle, handleHash, provider })
  }
  config.emit({ type: 'consent.denied', client_id, correlation })
  const location = clientLocation(config.issuer, transaction.value, {
    error: 'access_denied',
    error_description: 'The person said no.',
  })
  const version = await server.records.put(
    transaction.key,
    { ...transaction.value, outcome: { location } },
    { ifVersion: transaction.version, expiresAt: transaction.value.expires_at },
  )
  if (version === undefined) return expired(server)
  return redirectToClient(server, transaction.value, location, 303)
}

/** Binds the transaction to this browser and sends it to the provider, with a verifier and nonce of our own. */
async function approve(
  server: ConsentServer,
  binding: BrowserBinding,
  request: Request,
  chosen: { transaction: Versioned<TransactionRecord>; handle: string; handleHash: string; provider: string },
): Promise<Response> {
  const { config, upstreams, records } = server
  const { transaction, handle, handleHash, provider } = chosen
  const { value } = transaction
  const bound = await binding.bind(request, handleHash, value.approval?.binding)
  const again = value.approval?.binding === bound.binding && value.approval.provider === provider
  // The last browser to approve is the one that may finish; a second click in the same one changes nothing.
  const approval: Approval =
    again && value.approval
      ? value.approval
      : { provider, binding: bound.binding, code_verifier: randomText(), nonce: randomText() }
  if (!again) {
    const version = await records.put(
      transaction.key,
      { ...value, approval },
      { ifVersion: transaction.version, expiresAt: value.expires_at },
    )
    if (version === undefined) return expired(server)
  }
  try {
    const location = await upstreams
      .get(provider)
      ?.authorizationUrl({ ...approval, state: handle, scopes: value.scopes })
    if (location === undefined) return expired(server)
    return redirect(location, { status: request.method === 'POST' ? 303 : 302, cookies: [bound.cookie] })
  } catch (error) {
    if (!isNamed<UpstreamError>(error, 'UpstreamError')) throw error
    config.emit({
      type: 'upstream.unavailable',
      provider,
      reason: error.message,
      correlation: value.correlation,
    })
    const location = clientLocation(config.issuer, value, {
      error: error.kind === 'unavailable' ? 'temporarily_unavailable' : 'server_error',
      error_description: 'The sign-in service cannot be reached.',
    })
    return redirectToClient(server, value, location, request.method === 'POST' ? 303 : 302)
  }
}

async function load(
  { config, records }: ConsentServer,
  request: Request,
): Promise<{ transaction: Versioned<TransactionRecord> | undefined; handle: string; handleHash: string }> {
  const handle = queryForm(request).get('transaction') ?? ''
  const handleHash = await sha256(handle)
  const record = await records.get<TransactionRecord>(transactionKey(handleHash))
  const usable = record && !record.value.outcome && unixTime(config.clock) < record.value.expires_at
  return { transaction: usable ? record : undefined, handle, handleHash }
}

function expired({ pages }: ConsentServer): Promise<Response> {
  return pages.error({ ...pages.messages.linkExpired, status: 400 })
}
