import type { DrawbridgeEvents } from '../events.ts'
import { bodyParameters, queryForm } from '../http/forms.ts'
import { redirect } from '../http/responses.ts'
import type { Entry, Handler } from '../http/router.ts'
import type { Provider } from '../identity/provider.ts'
import { OAuthError } from '../oauth-error.ts'
import { refusal, returningBrowser } from './browser/returning-browser.ts'
import { withErrorPage } from './error-page.ts'
import { callbackUrl } from './locations.ts'
import { type LoginServer, loginServer, replay } from './login-attempt.ts'
import { conclude } from './login-conclusion.ts'
import { toConsent } from './other-account.ts'
import { reported } from './report.ts'
import { isSpent } from './second-round.ts'
import type { Server } from './server.ts'
import { onward } from './sign-in-location.ts'
import { signInUpstream } from './upstream-sign-in.ts'

type CallbackRefusal = DrawbridgeEvents['callback.refused']['reason']

/**
 * Where one provider sends the browser back (RFC 6749 4.1.2): `/callback/<provider id>`. It finishes only in the
 * browser that consented, only for the provider that was chosen, and once; a reload is sent where the first went.
 */
export function callbackEndpoint(given: Server, provider?: Provider): Entry['methods'] | undefined {
  const server = loginServer(given)
  if (!server || provider?.type !== 'oauth') return undefined
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
    if (!returned.ok) {
      return returned.reason === 'unconsented'
        ? toConsent(server, returned.found, returned.other_account, 302)
        : refuse(request, { ...returned, reason: returned.reason })
    }
    const { record } = returned
    const { correlation, outcome } = record.value
    const expectedIssuer = await server.upstreams.get(providerId)?.expectedIssuer()
    const iss = form.get('iss')
    if (iss !== undefined && expectedIssuer !== undefined && iss !== expectedIssuer) {
      return refuse(request, { reason: 'issuer_mismatch', correlation })
    }
    if (outcome) return replay(server, request, record, 302)
    if (isSpent(record.value, form.get('code'))) return onward(server, record.value, state)
    // Before the claim: an outage here costs nothing, and a reload begins at once.
    const client = record.value.page ? undefined : await server.clients.get(record.value.client_id)
    return conclude(server, { request, context, returned, status: 302, refuse }, ({ value }) =>
      signInUpstream(server, request, value, client),
    )
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
