import type { RequestContext } from '../auth.ts'
import type { DrawbridgeEvents } from '../events.ts'
import { isStillAllowed } from '../grants/requested-access.ts'
import { bodyForm, type Form, queryForm } from '../http/forms.ts'
import type { Entry } from '../http/router.ts'
import type { FormField, FormProvider, Identity, Provider } from '../identity/provider.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { Versioned } from '../records/records.ts'
import type { TransactionRecord } from '../records/transaction.ts'
import { isSameOrigin, returnedForm } from './browser/form-token.ts'
import { type Returned, refusal, returningBrowser } from './browser/returning-browser.ts'
import { failed, loginDenied, loginFailed } from './complete-login.ts'
import { withErrorPage } from './error-page.ts'
import { inputOf, invalid, longestInput, verified } from './form-verification.ts'
import { signInUrl } from './locations.ts'
import { type LoginServer, loginServer, release, replay } from './login-attempt.ts'
import { type Conclusion, conclude } from './login-conclusion.ts'
import { toConsent } from './other-account.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'
import { signedIn } from './signed-in.ts'

type SignInRefusal = DrawbridgeEvents['sign_in.refused']['reason']

/**
 * The page of a provider whose people sign in here: `/sign-in/<provider id>`. It is shown only in the browser that
 * consented, may be tried again, and finishes once.
 */
export function signInEndpoint(given: Server, provider?: Provider): Entry['methods'] | undefined {
  const server = loginServer(given)
  if (!server || provider?.type !== 'form') return undefined
  const page: SignInPage = {
    server,
    provider,
    refuse: refusal(server, (reason, correlation) => refused(server, provider, reason, correlation)),
  }
  return {
    GET: withErrorPage(server, (request) => open(page, request)),
    POST: withErrorPage(server, (request, context) => submit(page, request, context)),
  }
}

interface SignInPage {
  server: LoginServer
  provider: FormProvider
  refuse: ReturnType<typeof refusal<SignInRefusal>>
}

async function open(page: SignInPage, request: Request): Promise<Response> {
  const { server, provider } = page
  const loaded = await load(page, request, 302)
  if (!loaded.ok) return loaded.response
  const { record } = loaded.returned
  if (record.value.outcome) return replay(server, request, record, 302)
  const client = await clientOf(server, record.value)
  server.emit({ type: 'sign_in.shown', provider: provider.id, correlation: record.value.correlation })
  return show(page, request, loaded.returned, client)
}

async function submit(page: SignInPage, request: Request, context: RequestContext): Promise<Response> {
  const { server, provider, refuse } = page
  const { forms, issuerUrl, pages } = server
  const formRefused = (reference: string) =>
    pages.for(request).error({ error: 'formRefused', status: 403, reference })
  if (!isSameOrigin(request, issuerUrl)) return formRefused(refused(server, provider, 'cross_site'))
  const form = await bodyForm(request)
  const loaded = await load(page, request, 303)
  if (!loaded.ok) return loaded.response
  const { returned } = loaded
  const { record, id_hash } = returned
  const { correlation, outcome } = record.value
  const worth = returnedForm(forms, request, id_hash, form)
  const reference = worth === 'good' ? '' : refused(server, provider, 'csrf', correlation)
  if (worth === 'refused' || (worth === 'again' && outcome)) return formRefused(reference)
  if (outcome) return replay(server, request, record, 303)
  // Before anything is tried: an outage here costs nothing.
  const client = await clientOf(server, record.value)
  if (worth === 'again') return show(page, request, returned, client, { form, error: 'again' })
  const finish = (work: (transaction: Readonly<TransactionRecord>) => Promise<Conclusion>) =>
    conclude(server, { request, context, returned, status: 303, refuse }, async (transaction) =>
      unlessOut(page, transaction, context, await work(transaction.value)),
    )
  if (form.get('decision') === 'deny') {
    return finish(async () => loginDenied(server, record.value, 'cancelled', 'The person did not sign in.'))
  }
  const input = inputOf(provider, form)
  const verdict = input ? await verified(server, provider, input, context, correlation) : invalid
  switch (verdict.kind) {
    case 'refused':
      refused(server, provider, verdict.reason, correlation)
      return show(page, request, returned, client, { form, error: verdict.reason })
    case 'outage': {
      const { reference } = verdict
      return pages.for(request).error({ error: 'unavailable', status: 503, retryAfter: 2, reference })
    }
    case 'denied':
      return finish(async (transaction) => loginDenied(server, transaction, 'not_allowed', verdict.message))
    case 'signed-in':
      return finish((transaction) => login(page, request, transaction, client, verdict.identity))
  }
}

/** The sign-in that this browser is at, or what it gets instead. */
async function load(
  { server, provider, refuse }: SignInPage,
  request: Request,
  status: 302 | 303,
): Promise<{ ok: true; returned: Returned } | { ok: false; response: Response }> {
  const returned = await returningBrowser(server, request, { state: stateOf(request), provider: provider.id })
  if (returned.ok) return { ok: true, returned }
  return {
    ok: false,
    response:
      returned.reason === 'unconsented'
        ? await toConsent(server, returned.found, returned.other_account, status)
        : await refuse(request, { ...returned, reason: returned.reason }),
  }
}

/** `undefined` too where the sign-in is for a page of ours. */
async function clientOf(
  { clients }: LoginServer,
  transaction: Readonly<TransactionRecord>,
): Promise<RegisteredClient | undefined> {
  return transaction.page ? undefined : clients.get(transaction.client_id)
}

function stateOf(request: Request): string {
  return queryForm(request).get('state') ?? ''
}

function refused(
  { emit }: LoginServer,
  { id }: FormProvider,
  reason: SignInRefusal,
  correlation?: string | undefined,
): string {
  return reported(emit, { type: 'sign_in.refused', provider: id, reason, correlation })
}

/** Makes a code of it, or a session. The client, or what it asked for, may have gone while somebody typed. */
async function login(
  { server, provider }: SignInPage,
  request: Request,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
  identity: Identity,
): Promise<Conclusion> {
  if (!transaction.page && (!client || !isStillAllowed(server, client, transaction))) {
    const reference = loginFailed(server, transaction, client ? 'no_longer_allowed' : 'unknown_client')
    return failed('server_error', 'The login cannot be finished.', reference)
  }
  const conclusion = await signedIn(server, request, transaction, client, { provider, identity })
  if (conclusion === 'again') throw new Error('sign-in: an engine asked for a provider that there is not')
  return conclusion
}

/** Nothing is spent by an outage of ours, so that the same form may be sent again. */
async function unlessOut(
  { server }: SignInPage,
  transaction: Versioned<TransactionRecord>,
  context: RequestContext,
  conclusion: Conclusion,
): Promise<Conclusion> {
  if (conclusion === 'again' || 'otherAccount' in conclusion || !conclusion.outage) return conclusion
  await release(server, transaction, context)
  throw conclusion.outage
}

/** With what was typed, but for what is secret. */
async function show(
  { server, provider }: SignInPage,
  request: Request,
  { id_hash, record }: Returned,
  client: RegisteredClient | undefined,
  last?: { form: Form; error: 'invalid' | 'locked' | 'again' },
): Promise<Response> {
  const { forms, issuer, pages } = server
  const { csrf, cookie } = forms.issue(request, id_hash)
  const response = await pages.for(request).signIn({
    label: provider.label,
    icon: provider.icon,
    leadsTo: record.value.page ? { page: record.value.page } : { client: client?.client_name },
    fields: provider.fields.map((field) => ({
      ...field,
      value: isSecret(field) ? undefined : last?.form.get(field.name)?.slice(0, longestInput),
    })),
    error: last?.error,
    csrf,
    action: signInUrl(issuer, provider.id, stateOf(request)),
  })
  response.headers.append('set-cookie', cookie)
  return response
}

function isSecret({ type }: FormField): boolean {
  return type === 'password' || type === 'one-time-code'
}
