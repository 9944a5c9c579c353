import { redirectKind } from '../clients/redirect-uri.ts'
import { isNamed } from '../errors.ts'
import { bodyForm, queryForm } from '../http/forms.ts'
import { json, redirect, withReference } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import type { OAuthError } from '../oauth-error.ts'
import { isOperators, type RegisteredClient } from '../records/client-metadata.ts'
import { authorizationRequest, requestedRedirect, requestedState } from './authorization-request.ts'
import { unknownClientError, withErrorPage } from './error-page.ts'
import { consentUrl } from './locations.ts'
import { clientLocation, sendToClient } from './redirect-to-client.ts'
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
      return pages.for(request).error({ error: 'unknownRedirect', status: 400, reference })
    }
    const state = requestedState(client, form)
    // From here on the client hears what is wrong itself.
    const status = request.method === 'POST' ? 303 : 302
    try {
      const asked = authorizationRequest(server, client, form, { redirect_uri, state })
      const location = engine.authorize
        ? await engine.authorize(asked, client)
        : consentUrl(issuer, transactions.begin(asked))
      emit({ type: 'authorize.started', client_id, correlation: asked.correlation })
      return redirect(location, { status, keepsReferrer: true })
    } catch (error) {
      if (!isNamed<OAuthError>(error, 'OAuthError')) throw error
      return refuseToClient(server, request, client, { redirect_uri, state }, error)
    }
  })
  return { GET: authorize, POST: authorize }
}

/** What a `prompt` comes to that cannot be (OpenID Connect Core 3.1.2.6): the app has done nothing wrong. */
const prompted = ['login_required', 'consent_required', 'interaction_required']

/**
 * Tells the client that its request cannot be, before anybody has decided anything. Whoever registered by themselves may be on
 * the web to catch people (RFC 9700 4.11.2): nobody is sent there who has not seen where that is.
 */
export async function refuseToClient(
  server: Pick<Server, 'emit' | 'issuer' | 'pages'>,
  request: Request,
  client: RegisteredClient,
  asked: { redirect_uri: string; state?: string | undefined; correlation?: string },
  { code, message }: Pick<OAuthError, 'code' | 'message'>,
): Promise<Response> {
  const { emit, issuer, pages } = server
  const { client_id } = client
  const response = { error: code, error_description: message }
  const refused = {
    type: 'authorize.refused',
    reason: code,
    client_id,
    correlation: asked.correlation,
  } as const
  const { kind, host } = redirectKind(asked.redirect_uri)
  if (kind !== 'https' || isOperators(client)) {
    emit(refused)
    return sendToClient(server, request, client, asked, response, request.method === 'POST' ? 303 : 302)
  }
  return pages.for(request).error({
    error: prompted.some((one) => one === code) ? 'impossiblePrompt' : 'invalidRequest',
    status: 400,
    detail: `${code}: ${message}`,
    backTo: { url: clientLocation(issuer, asked, response), host },
    reference: reported(emit, refused),
  })
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
    ? await server.pages.for(request).error({ error: unknownClientError(server), status: 400, reference })
    : json({ error: 'invalid_client', error_description: withReference(text, reference) }, 400)
  if (url) response.headers.set('link', `<${url}>; rel="register"`)
  return response
}
