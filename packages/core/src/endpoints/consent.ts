import { randomText } from '../crypto/random.ts'
import { bodyForm } from '../http/forms.ts'
import type { Entry } from '../http/router.ts'
import type { AuthorizationResponse, TransactionRecord } from '../records/transaction.ts'
import { approve, type Chosen, isOpen } from './approval.ts'
import { isSameOrigin, returnedForm } from './browser/form-token.ts'
import { decisionOf, showConsentForm } from './consent-form.ts'
import { withErrorPage } from './error-page.ts'
import { consentUrl } from './locations.ts'
import { leave } from './login-end.ts'
import { decidedAlready, expired, type Pending, pendingConsent } from './pending-consent.ts'
import { personOf } from './remembered.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'
import { whoIsNotAsked } from './unasked.ts'

/** The consent page, between `/authorize` and the provider: who asks, for what, and where the answer goes. */
export function consentEndpoint(server: Server): Entry['methods'] | undefined {
  if (!server.engine.completeLogin) return undefined
  return {
    GET: withErrorPage(server, (request) => show(server, request)),
    POST: withErrorPage(server, (request) => decide(server, request)),
  }
}

async function show(server: Server, request: Request): Promise<Response> {
  // Together: who is signed in costs no trip of its own.
  const [pending, person] = await Promise.all([pendingConsent(server, request), personOf(server, request)])
  if (!pending.ok) return pending.response
  if (pending.record && !isOpen(pending.record)) return decidedAlready(server, request, pending.record)
  const unasked = await whoIsNotAsked(server, request, pending, person)
  if (!unasked) return showConsentForm(server, request, pending, { person })
  return 'refusal' in unasked
    ? unasked.refusal
    : sendToSignIn(server, request, pending, { ...unasked, fresh: randomText() })
}

async function decide(server: Server, request: Request): Promise<Response> {
  const { emit, forms, issuer, issuerUrl, pages, transactions } = server
  if (!isSameOrigin(request, issuerUrl)) {
    const reference = reported(emit, { type: 'consent.refused', reason: 'cross_site' })
    return pages.for(request).error({ error: 'formRefused', status: 403, reference })
  }
  const form = await bodyForm(request)
  const pending = await pendingConsent(server, request)
  if (!pending.ok) return pending.response
  const { transaction, asked, record } = pending
  const { id_hash } = transaction
  const worth = returnedForm(forms, request, id_hash, form)
  // A double click leads to one sign-in, whichever of its answers the browser takes.
  const fresh = forms.secret(request, id_hash, form.get('csrf') ?? '')
  if (worth !== 'good' || fresh === undefined) {
    const { correlation } = asked
    const reference = reported(emit, { type: 'consent.refused', reason: 'csrf', correlation })
    if (worth === 'again' && record && !isOpen(record)) return decidedAlready(server, request, record)
    if (worth === 'again') return showConsentForm(server, request, pending, { again: true })
    const openUrl = consentUrl(issuer, transactions.again(transaction))
    return pages.for(request).error({ error: 'formRefused', status: 403, openUrl, reference })
  }
  const { provider, prompt } = decisionOf(pending, form)
  if (provider === undefined) return deny(server, request, pending)
  if (record && !isOpen(record)) return decidedAlready(server, request, record)
  return sendToSignIn(server, request, pending, { provider, prompt, consent: 'given', fresh })
}

const told = {
  given: 'consent.approved',
  remembered: 'consent.remembered',
  skipped: 'consent.skipped',
} as const

async function sendToSignIn(
  server: Server,
  request: Request,
  { transaction, asked, record }: Pending,
  chosen: Omit<Chosen, 'transaction' | 'earlier'>,
): Promise<Response> {
  const { client_id, correlation } = asked
  const { consent, provider } = chosen
  const approved = () => server.emit({ type: told[consent], client_id, provider, correlation })
  const all = { ...chosen, transaction, earlier: record?.approval }
  return (await approve(server, request, all, approved)) ?? expired(server, request, correlation)
}

const denial: AuthorizationResponse = { error: 'access_denied', error_description: 'The person said no.' }

async function deny(
  server: Server,
  request: Request,
  { transaction, asked, record }: Pending,
): Promise<Response> {
  const { client_id, correlation } = asked
  const denied = await server.transactions.decide(transaction, (current) =>
    isOpen(current) ? { ...current, outcome: { response: denial } } : undefined,
  )
  if (!denied) return expired(server, request, correlation)
  if (!isDenial(denied.value)) return decidedAlready(server, request, denied.value)
  // Said before, when a double click says it again: the browser follows the second answer only.
  if (!record || isOpen(record)) server.emit({ type: 'consent.denied', client_id, correlation })
  return leave(server, request, denied.value, { response: denial }, 303)
}

function isDenial({ outcome }: Readonly<TransactionRecord>): boolean {
  return JSON.stringify(outcome?.response) === JSON.stringify(denial)
}
