import { isCodeChallenge } from '../crypto/pkce.ts'
import { randomText } from '../crypto/random.ts'
import { isNamed } from '../errors.ts'
import { type Offered, requestedAccess } from '../grants/requested-access.ts'
import { bodyForm, type Form, queryForm } from '../http/forms.ts'
import { json, redirect, withReference } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationRequest, Prompt } from '../records/transaction.ts'
import { withErrorPage } from './error-page.ts'
import { consentUrl } from './locations.ts'
import { clientLocation, isGoodRedirect } from './redirect-to-client.ts'
import { registrationUrl } from './register.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** A longer `state` could neither be kept for everybody nor be sent back in a URL. */
const maximumStateBytes = 4096
/** An address has 254 characters (RFC 5321 4.5.3.1). */
const maximumHint = 256

/**
 * The authorization endpoint (RFC 6749 3.1, 4.1.1). Checks the request, and sends the browser on to consent, with the
 * request sealed in the URL: nothing is stored before somebody decides. An engine that signs people in by itself takes
 * the checked request over.
 */
export function authorizeEndpoint(
  server: Pick<
    Server,
    | 'defaultResource'
    | 'emit'
    | 'engine'
    | 'issuer'
    | 'pages'
    | 'redirectUris'
    | 'resources'
    | 'transactions'
    | 'registration'
  >,
): Entry['methods'] {
  const { emit, engine, issuer, pages, transactions } = server
  const authorize = withErrorPage(server, async (request) => {
    const form = request.method === 'POST' ? await bodyForm(request) : queryForm(request)
    const client_id = form.get('client_id')
    const client = client_id === undefined ? undefined : await engine.getClient(client_id)
    if (!client) {
      const reference = reported(emit, { type: 'authorize.refused', reason: 'unknown_client' })
      return unknownClient(server, request, reference)
    }
    const redirect_uri = chosenRedirect(server, client, form)
    if (redirect_uri === undefined) {
      const reference = reported(emit, {
        type: 'authorize.refused',
        reason: 'redirect_uri',
        client_id: client.client_id,
      })
      return pages.error({ ...pages.messages.unknownRedirect, status: 400, reference })
    }
    const state = form.get('state')
    if (state !== undefined && storedBytes(state) > maximumStateBytes) {
      throw new OAuthError('invalid_request', `The state is longer than ${maximumStateBytes} bytes.`, {
        event: { type: 'authorize.refused', reason: 'invalid_request', client_id: client.client_id },
      })
    }
    // From here on the client hears what is wrong itself.
    const status = request.method === 'POST' ? 303 : 302
    try {
      const { client_id, correlation = randomText(9) } = client
      const asked = checkedRequest(server, client, form, redirect_uri, state)
      const authorization = { ...asked, client_id, correlation }
      const location = engine.authorize
        ? await engine.authorize(authorization, client)
        : consentUrl(issuer, transactions.begin(authorization))
      emit({ type: 'authorize.started', client_id, correlation })
      return redirect(location, { status })
    } catch (error) {
      if (!isNamed<OAuthError>(error, 'OAuthError')) throw error
      emit({ type: 'authorize.refused', reason: error.code, client_id: client.client_id })
      const answer = { error: error.code, error_description: error.message }
      return redirect(clientLocation(issuer, { redirect_uri, state }, answer), { status })
    }
  })
  return { GET: authorize, POST: authorize }
}

function chosenRedirect(
  server: Pick<Server, 'redirectUris'>,
  client: RegisteredClient,
  form: Form,
): string | undefined {
  const [only, ...others] = client.redirect_uris
  const redirect_uri = form.get('redirect_uri') ?? (others.length === 0 ? only : undefined)
  return redirect_uri !== undefined && isGoodRedirect(server, client, redirect_uri) ? redirect_uri : undefined
}

function checkedRequest(
  server: Offered,
  client: RegisteredClient,
  form: Form,
  redirect_uri: string,
  state: string | undefined,
): Omit<AuthorizationRequest, 'client_id' | 'correlation'> {
  const response_type = form.get('response_type')
  if (response_type === undefined)
    throw new OAuthError('invalid_request', 'The parameter response_type is missing.')
  if (response_type !== 'code') throw new OAuthError('unsupported_response_type', 'Use response_type=code.')
  if ((form.get('response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'Use response_mode=query, or leave it out.')
  }
  const code_challenge = form.get('code_challenge')
  if (code_challenge === undefined) {
    throw new OAuthError('invalid_request', 'The parameter code_challenge is missing: PKCE is required.')
  }
  if (form.get('code_challenge_method') !== 'S256' || !isCodeChallenge(code_challenge)) {
    throw new OAuthError(
      'invalid_request',
      'Use code_challenge_method=S256 with its 43 characters of challenge.',
    )
  }
  const { resource, scopes } = requestedAccess(server, client, form)
  if (form.get('prompt')?.split(' ').includes('none')) {
    throw new OAuthError('consent_required', 'This server asks its users; leave out prompt=none.')
  }
  return {
    redirect_uri,
    redirect_uri_named: form.get('redirect_uri') !== undefined,
    state,
    code_challenge,
    resource,
    scopes,
    prompt: promptForProvider(form),
    login_hint: loginHint(form),
  }
}

/** What only the provider can do. Consent is asked for here in any case, and prompts we do not know change nothing. */
function promptForProvider(form: Form): Prompt | undefined {
  const asked = form.get('prompt')?.split(' ') ?? []
  return (['login', 'select_account'] as const).find((prompt) => asked.includes(prompt))
}

/** Only a hint: one that could be no name or address is left out. */
function loginHint(form: Form): string | undefined {
  const hint = form.get('login_hint')
  return hint !== undefined && hint.length <= maximumHint && !/\p{Cc}/u.test(hint) ? hint : undefined
}

/** As it will lie in a record, which is JSON. */
function storedBytes(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length - 2
}

function unknownClient(
  server: Pick<Server, 'engine' | 'issuer' | 'pages' | 'registration'>,
  request: Request,
  reference: string,
): Promise<Response> | Response {
  const { pages } = server
  const url = registrationUrl(server)
  const link: Record<string, string> = url === undefined ? {} : { link: `<${url}>; rel="register"` }
  if (!request.headers.get('accept')?.includes('text/html')) {
    return json(
      {
        error: 'invalid_client',
        error_description: withReference(
          'The client is not registered here (any more). Register again.',
          reference,
        ),
      },
      400,
      link,
    )
  }
  return pages.error({ ...pages.messages.unknownClient, status: 400, reference }).then((response) => {
    for (const [name, value] of Object.entries(link)) response.headers.set(name, value)
    return response
  })
}
