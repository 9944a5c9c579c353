import type { RequestContext } from '../auth.ts'
import { inTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import { isStillAllowed } from '../grants/requested-access.ts'
import { bodyForm, type Form, queryForm } from '../http/forms.ts'
import type { Entry } from '../http/router.ts'
import type { FormField, FormProvider, Identity, Provider } from '../identity/provider.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { TransactionRecord } from '../records/transaction.ts'
import { isSameOrigin } from './browser/form-token.ts'
import { type Returned, refusal, returningBrowser } from './browser/returning-browser.ts'
import { type Completion, completeLogin, failed, loginDenied, loginFailed } from './complete-login.ts'
import { withErrorPage } from './error-page.ts'
import { signInUrl } from './locations.ts'
import { claim, finish, type LoginServer, loginServer, release, replay } from './login-attempt.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'
import { onward } from './sign-in-location.ts'

type SignInRefusal = DrawbridgeEvents['sign_in.refused']['reason']

/** Characters of one field: a longer one is no password of a person's, and would be hashed all the same. */
const longestInput = 1024
/** Milliseconds that a provider may take to say who this is. */
const verifyPatience = 30_000

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
  const returned = await returningBrowser(server, request, { state: stateOf(request), provider: provider.id })
  if (!returned.ok) return page.refuse(returned.reason, returned)
  if (returned.record.value.outcome) return replay(server, returned.record, 302)
  const { correlation, client_id } = returned.record.value
  const client = await server.clients.get(client_id)
  server.emit({ type: 'sign_in.shown', provider: provider.id, correlation })
  return show(page, request, returned, client)
}

async function submit(page: SignInPage, request: Request, context: RequestContext): Promise<Response> {
  const { server, provider } = page
  const { forms, issuerUrl, pages } = server
  if (!isSameOrigin(request, issuerUrl)) {
    const reference = refused(server, provider, 'cross_site')
    return pages.error({ ...pages.messages.formRefused, status: 403, reference })
  }
  const form = await bodyForm(request)
  const returned = await returningBrowser(server, request, { state: stateOf(request), provider: provider.id })
  if (!returned.ok) return page.refuse(returned.reason, returned)
  const { record, id_hash } = returned
  const { correlation, outcome } = record.value
  if (!forms.verify(request, id_hash, form.get('csrf'))) {
    const reference = refused(server, provider, 'csrf', correlation)
    return pages.error({ ...pages.messages.formRefused, status: 403, reference })
  }
  if (outcome) return replay(server, record, 303)
  const conclude = concluding(page, request, returned, context)
  if (form.get('decision') === 'deny') {
    return conclude(async () => loginDenied(server, record.value, 'cancelled', 'The person did not sign in.'))
  }
  // Before anything is tried: an outage here costs nothing.
  const client = await server.clients.get(record.value.client_id)
  const input = inputOf(provider, form)
  const verdict = input ? await verified(page, input, context, correlation) : invalid
  switch (verdict.kind) {
    case 'refused':
      refused(server, provider, verdict.reason, correlation)
      return show(page, request, returned, client, { form, error: verdict.reason })
    case 'outage':
      return pages.error({
        ...pages.messages.unavailable,
        status: 503,
        retryAfter: 2,
        reference: verdict.reference,
      })
    case 'denied':
      return conclude(async (transaction) => loginDenied(server, transaction, 'not_allowed', verdict.message))
    case 'signed-in':
      return conclude((transaction) => login(page, transaction, client, verdict.identity))
  }
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

/** What came of a form. */
type Verdict =
  | { kind: 'signed-in'; identity: Identity }
  | { kind: 'denied'; message: string }
  | { kind: 'refused'; reason: 'invalid' | 'locked' }
  /** Nobody could tell: the form may be sent again. */
  | { kind: 'outage'; reference: string }

const invalid: Verdict = { kind: 'refused', reason: 'invalid' }

/** What was typed into each field; `undefined` when one is empty, or too long for anybody to have typed. */
function inputOf({ fields }: FormProvider, form: Form): Record<string, string> | undefined {
  const typed = fields.map(({ name }) => [name, form.get(name) ?? ''] as const)
  const isGood = typed.every(([, value]) => value !== '' && value.length <= longestInput)
  return isGood ? Object.fromEntries(typed) : undefined
}

/** What the provider says of the input. */
async function verified(
  { server, provider }: SignInPage,
  input: Readonly<Record<string, string>>,
  { clientAddress }: RequestContext,
  correlation: string,
): Promise<Verdict> {
  const { clock, emit } = server
  const late = () => Object.assign(new Error('verify() took too long'), { code: 'TIMEOUT' })
  let said: { error?: unknown; sub?: unknown }
  try {
    const asking = provider.verify(input, { clock, clientAddress, correlation })
    said = Object(await inTime(Promise.resolve(asking), verifyPatience, late))
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) return { kind: 'denied', message: error.message }
    const detail = kindOf(error)
    const outage = { type: 'upstream.unavailable', provider: provider.id, reason: 'unavailable' } as const
    return { kind: 'outage', reference: reported(emit, { ...outage, detail, correlation }) }
  }
  const { error, sub } = said
  if (error === 'invalid' || error === 'locked') return { kind: 'refused', reason: error }
  if ((error ?? undefined) === undefined && typeof sub === 'string' && sub !== '') {
    return { kind: 'signed-in', identity: said as Identity }
  }
  throw new Error(`${provider.id}: verify() resolved to neither a sub nor { error: 'invalid' } or 'locked'`)
}

/**
 * What an error is, and nothing that it says: directories quote what they were asked, in their own encoding. What else
 * there is to know of it, `verify` can log.
 */
function kindOf(error: unknown): string {
  const kinds: string[] = []
  for (let reason = error; reason instanceof Error && kinds.length < 4; reason = reason.cause) {
    const { code } = reason as { code?: unknown }
    kinds.push(
      typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : reason.constructor.name,
    )
  }
  return kinds.join('; ') || 'not an error'
}

/** Makes a code of it. The client, or what it asked for, may have gone while somebody typed. */
async function login(
  { server, provider }: SignInPage,
  transaction: Readonly<TransactionRecord>,
  client: RegisteredClient | undefined,
  identity: Identity,
): Promise<Completion> {
  if (!client || !isStillAllowed(server, client, transaction)) {
    const reference = loginFailed(server, transaction, client ? 'no_longer_allowed' : 'unknown_client')
    return failed('server_error', 'The login cannot be finished.', reference)
  }
  const completion = await completeLogin(server, transaction, { client, provider, identity })
  if (completion === 'again') throw new Error('sign-in: an engine asked for a provider that there is not')
  return completion
}

/**
 * Only one answer to a form ends the transaction, and a second one goes where the first went. Nothing is spent by an outage
 * of ours, so that the same form may be sent again.
 */
function concluding(page: SignInPage, request: Request, { record }: Returned, context: RequestContext) {
  const { server, refuse } = page
  return async (
    completion: (transaction: Readonly<TransactionRecord>) => Promise<Completion>,
  ): Promise<Response> => {
    const claimed = await claim(server, record)
    if (!claimed) return refuse('other_browser', record.value)
    if (claimed.state === 'over') return replay(server, claimed.record, 303)
    if (claimed.state === 'changed') return onward(server, claimed.record.value, stateOf(request), 303)
    const completed = await completion(claimed.record.value)
    if (completed.outage) {
      await release(server, claimed.record, context)
      throw completed.outage
    }
    return finish(server, claimed.record, completed, context, 303)
  }
}

/** With what was typed, but for what is secret. */
async function show(
  { server, provider }: SignInPage,
  request: Request,
  { id_hash }: Returned,
  client: RegisteredClient | undefined,
  last?: { form: Form; error: 'invalid' | 'locked' },
): Promise<Response> {
  const { forms, issuer, pages } = server
  const { csrf, cookie } = forms.issue(request, id_hash)
  const response = await pages.signIn({
    label: provider.label,
    icon: provider.icon,
    client: client?.client_name,
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
