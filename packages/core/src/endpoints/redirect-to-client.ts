import { appendParameters, matchesRegistered } from '../clients/redirect-uri.ts'
import { redirect } from '../http/responses.ts'
import type { ErrorText } from '../pages/messages.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationResponse } from '../records/transaction.ts'
import { unknownClientText } from './error-page.ts'
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
  request: { client_id: string; redirect_uri: string; correlation: string },
  location: string,
  status: 302 | 303,
): Promise<Response> {
  const { clients, emit, pages } = server
  const { client_id, correlation } = request
  const refuse = (reason: 'unknown_client' | 'redirect_uri', text: ErrorText) => {
    const reference = reported(emit, { type: 'authorize.refused', reason, client_id, correlation })
    return pages.error({ ...text, status: 400, reference })
  }
  const client = await clients.get(client_id)
  if (!client) return refuse('unknown_client', unknownClientText(server))
  return isGoodRedirect(server, client, request.redirect_uri)
    ? redirect(location, { status })
    : refuse('redirect_uri', pages.messages.unknownRedirect)
}
