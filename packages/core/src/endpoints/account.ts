import { unixTime } from '../clock.ts'
import type { SignInSession } from '../engine/sign-in-session.ts'
import { bodyForm, type Form, queryForm } from '../http/forms.ts'
import { redirect } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import { beginSignIn, showSignedOut, signedOutForm } from './account-sign-in.ts'
import { type AccountServer, anchorOf, showAccount } from './account-view.ts'
import { isSameOrigin } from './browser/form-token.ts'
import { withErrorPage } from './error-page.ts'
import { accountUrl } from './locations.ts'
import { personOf } from './remembered.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** Seconds for which a sign-in is good for ending access. */
const freshFor = 3600

/**
 * Where a person sees which clients they let in, and ends it: `<issuer>/account`. It signs people in by itself, and lets
 * nobody in anywhere else. Nothing but a form of its own changes anything.
 */
export function accountEndpoint(server: Server): Entry['methods'] | undefined {
  const { accountPage, engine, own } = server
  if (!accountPage || !own || !engine.completeLogin) return undefined
  const account: AccountServer = { ...server, own }
  return {
    GET: withErrorPage(server, async (request) => {
      const isForAnother = queryForm(request).get('account') === 'choose'
      const person = isForAnother ? undefined : await personOf(server, request)
      const notice = server.noticeCookie.read(request) === 'ended' ? 'ended' : undefined
      const response = person
        ? await showAccount(account, request, person, { notice })
        : await showSignedOut(account, request, { choose: isForAnother, notice })
      if (notice) response.headers.append('set-cookie', server.noticeCookie.clear())
      return response
    }),
    POST: withErrorPage(server, (request) => decide(account, request)),
  }
}

async function decide(server: AccountServer, request: Request): Promise<Response> {
  const { emit, forms, issuer, issuerUrl, own, pages, sessionCookie } = server
  const here = accountUrl(issuer)
  if (!isSameOrigin(request, issuerUrl)) {
    const reference = reported(emit, { type: 'account.refused', reason: 'cross_site' })
    return pages.for(request).error({ error: 'formRefused', status: 403, tryAgainUrl: here, reference })
  }
  const form = await bodyForm(request)
  const person = await personOf(server, request)
  const csrf = form.get('csrf')
  const provider = form.get('provider')
  const isOfPerson = person !== undefined && forms.verify(request, person.id_hash, csrf)
  // The form of nobody begins a sign-in, whoever has signed in elsewhere since, and is good for nothing else.
  if (provider !== undefined && (isOfPerson || forms.verify(request, signedOutForm, csrf))) {
    return beginSignIn(server, request, provider, form, isOfPerson)
  }
  if (!person) return refuseNobody(server, request, form)
  if (!isOfPerson) {
    reported(emit, { type: 'account.refused', reason: 'csrf' })
    return showAccount(server, request, person, { notice: 'again' })
  }
  if (form.get('decision') === 'sign_out') {
    await own.sessions.end(sessionCookie.read(request))
    return redirect(here, { status: 303, cookies: [sessionCookie.clear()] })
  }
  return end(server, request, form, person)
}

/** Nobody is signed in, any more or yet, and the form is none that begins it. */
async function refuseNobody(server: AccountServer, request: Request, form: Form): Promise<Response> {
  const { emit, issuer, pages } = server
  const here = accountUrl(issuer)
  // They have what they want.
  if (form.get('decision') === 'sign_out') return redirect(here, { status: 303 })
  const isSignIn = form.get('provider') !== undefined
  const reference = reported(emit, { type: 'account.refused', reason: isSignIn ? 'csrf' : 'signed_out' })
  if (!isSignIn) return showSignedOut(server, request, { notice: 'over' })
  // Another tab may have been faster with its cookie. Who comes without it again is in a window that keeps none.
  return form.get('again') === 'yes'
    ? pages.for(request).error({ error: 'formRefused', status: 403, openUrl: here, reference })
    : showSignedOut(server, request, { notice: 'again' })
}

/** Ends what the form names of this person's, and of nobody else's. */
async function end(
  server: AccountServer,
  request: Request,
  form: Form,
  person: SignInSession,
): Promise<Response> {
  const { clock, emit, issuer, noticeCookie, own, sessionCookie } = server
  const { subject } = person
  const ended = (cookies: readonly string[] = []) =>
    redirect(accountUrl(issuer), { status: 303, cookies: [noticeCookie.set('ended'), ...cookies] })
  const client_id = form.get('end')
  const key = form.get('key')
  const isAll = form.get('decision') === 'end_all'
  if (client_id === undefined && key === undefined && !isAll) {
    throw new OAuthError('invalid_request', 'The form says nothing that can be done.')
  }
  if (unixTime(clock) - person.created_at > freshFor) {
    reported(emit, { type: 'account.refused', reason: 'too_old' })
    return showAccount(server, request, person, { notice: 'stale', at: anchorOf({ client_id, key }) })
  }
  if (!isAll) {
    if (client_id !== undefined) await own.ending.client(subject, client_id)
    if (key !== undefined) await own.apiKeys.revoke({ subject, id: key })
    return ended()
  }
  const { failures } = await own.ending.everything(subject, 'account_page')
  // Whoever is still signed in can press once more.
  if (failures.length > 0) throw failures[0]
  await own.sessions.endAllOf(subject, 'signed_out')
  return ended([sessionCookie.clear()])
}
