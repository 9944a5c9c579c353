import { appendParameters, matchesRegistered } from '../clients/redirect-uri.ts'
import { redirect } from '../http/responses.ts'
import type { ErrorName } from '../pages/error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationResponse } from '../records/transaction.ts'
import { unknownClientError } from './error-page.ts'
import { reported } from './report.ts'
import type { Server } from './server.ts'

/** Whether a browser may be sent there: registered by this client, and still allowed. */
export function isGoodRedirect(
  { redirectUris }: Pick<Server, 'redirectUris'>,
  client: RegisteredClient,
  redirect_uri: string,
): boolean {
  return (
    matchesRegistered(client.redirect_uris, redirect_uri) &&
    redirectUris.refuse(redirect_uri, client.application_type, client) === undefined
  )
}

/** The URL that takes an answer to the client, with `state` and `iss` (RFC 9207 2). */
export function clientLocation(
  issuer: string,
  request: { redirect_uri: string; state?: string | undefined },
  response: AuthorizationResponse,
): string {
  return appendParameters(request.redirect_uri, {
    ...response,
    ...(request.state === undefined ? {} : { state: request.state }),
    iss: issuer,
  })
}

/**
 * The last look before a browser leaves for a client's address: the client must still be there and the address still
 * its own, whatever was true when the transaction began.
 */
export async function redirectToClient(
  server: Pick<Server, 'clients' | 'emit' | 'engine' | 'issuer' | 'pages' | 'redirectUris' | 'registration'>,
  request: Request,
  asked: { client_id: string; redirect_uri: string; state?: string | undefined; correlation: string },
  response: AuthorizationResponse,
  status: 302 | 303,
): Promise<Response> {
  const { clients, emit, pages } = server
  const { client_id, correlation } = asked
  const refuse = (reason: 'unknown_client' | 'redirect_uri', error: ErrorName) => {
    const reference = reported(emit, { type: 'authorize.refused', reason, client_id, correlation })
    return pages.for(request).error({ error, status: 400, reference })
  }
  const client = await clients.get(client_id)
  if (!client) return refuse('unknown_client', unknownClientError(server))
  return isGoodRedirect(server, client, asked.redirect_uri)
    ? sendToClient(server, request, client, asked, response, status)
    : refuse('redirect_uri', 'unknownRedirect')
}

/**
 * Takes the answer to an address that was looked at. For a web page that is a redirect; for an app, a page of ours that opens
 * it, and stays behind in the tab.
 */
export async function sendToClient(
  { issuer, pages }: Pick<Server, 'issuer' | 'pages'>,
  request: Request,
  client: RegisteredClient,
  asked: { redirect_uri: string; state?: string | undefined },
  response: AuthorizationResponse,
  status: 302 | 303,
): Promise<Response> {
  const url = clientLocation(issuer, asked, response)
  if (/^https?:/i.test(asked.redirect_uri)) return redirect(url, { status })
  const page = { url, client: client.client_name }
  if ('code' in response) return pages.for(request).handOver({ ...page, outcome: 'granted' })
  return pages.for(request).handOver({
    ...page,
    outcome: response.error === 'access_denied' ? 'denied' : 'failed',
    detail: `${response.error}: ${response.error_description}`,
  })
}
