import { redirectKind } from '../clients/redirect-uri.ts'
import { isNamed } from '../errors.ts'
import { bodyForm, queryForm } from '../http/forms.ts'
import { json, redirect, withReference } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import type { OAuthError } from '../oauth-error.ts'
import { isOperators } from '../records/client-metadata.ts'
import { authorizationRequest, requestedRedirect, requestedState } from './authorization-request.ts'
import { unknownClientText, withErrorPage } from './error-page.ts'
import { consentUrl } from './locations.ts'
import { clientLocation } from './redirect-to-client.ts'
import { registrationUrl } from './register.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/**
 * The authorization endpoint (RFC 6749 3.1, 4.1.1). Checks the request, and sends the browser on to consent, with the
 * request sealed in the URL: nothing is stored before somebody decides. An engine that signs people in by itself takes
 * the checked request over.
 */
export function authorizeEndpoint(server: Server): Entry['methods'] {
  const { clients, emit, engine, issuer, pages, transactions } = server
  const authorize = withErrorPage(server, async (request) => {
    const form = request.method === 'POST' ? await bodyForm(request) : queryForm(request)
    const named = form.get('client_id')
    const client = named === undefined ? undefined : await clients.get(named)
    if (!client) {
      const reference = reported(emit, { type: 'authorize.refused', reason: 'unknown_client' })
      return unknownClient(server, request, reference)
    }
    const { client_id } = client
    const redirect_uri = requestedRedirect(server, client, form)
    if (redirect_uri === undefined) {
      const reference = reported(emit, { type: 'authorize.refused', reason: 'redirect_uri', client_id })
      return pages.error({ ...pages.messages.unknownRedirect, status: 400, reference })
    }
    const state = requestedState(client, form)
    // From here on the client hears what is wrong itself. Whoever registered by themselves may be on the web to catch
    // people (RFC 9700 4.11.2): before anybody signs in, nobody is sent there who has not seen where that is.
    const status = request.method === 'POST' ? 303 : 302
    try {
      const asked = authorizationRequest(server, client, form, { redirect_uri, state })
      const location = engine.authorize
        ? await engine.authorize(asked, client)
        : consentUrl(issuer, transactions.begin(asked))
      emit({ type: 'authorize.started', client_id, correlation: asked.correlation })
      return redirect(location, { status })
    } catch (error) {
      if (!isNamed<OAuthError>(error, 'OAuthError')) throw error
      emit({ type: 'authorize.refused', reason: error.code, client_id })
      const answer = { error: error.code, error_description: error.message }
      const location = clientLocation(issuer, { redirect_uri, state }, answer)
      const { kind, host } = redirectKind(redirect_uri)
      if (kind !== 'https' || isOperators(client)) return redirect(location, { status })
      const detail = `${error.code}: ${error.message}`
      const backTo = { url: location, host }
      return pages.error({ ...pages.messages.invalidRequest, status: 400, detail, backTo })
    }
  })
  return { GET: authorize, POST: authorize }
}

async function unknownClient(
  server: Pick<Server, 'engine' | 'issuer' | 'pages' | 'registration'>,
  request: Request,
  reference: string,
): Promise<Response> {
  const url = registrationUrl(server)
  const text = url
    ? 'The client is not registered here (any more). Register again.'
    : 'The client is not known here.'
  const response = request.headers.get('accept')?.includes('text/html')
    ? await server.pages.error({ ...unknownClientText(server), status: 400, reference })
    : json({ error: 'invalid_client', error_description: withReference(text, reference) }, 400)
  if (url) response.headers.set('link', `<${url}>; rel="register"`)
  return response
}
