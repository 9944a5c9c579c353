import { redirect } from '../http/responses.ts'
import type {
  AuthorizationResponse,
  ClientTransaction,
  Outcome,
  PageRequest,
  PendingRequest,
} from '../records/transaction.ts'
import { accountUrl } from './locations.ts'
import { redirectToClient } from './redirect-to-client.ts'
import type { Server } from './server.ts'

/**
 * Sends the browser to where a login ends: at its client's redirect URI, with a code or an error; or at a page of ours.
 */
export async function leave(
  server: Server,
  request: Request,
  asked: PendingRequest,
  { response, session }: Outcome,
  status: 302 | 303,
): Promise<Response> {
  const answer = asked.page
    ? await atAccount(server, request, asked, response, status)
    : await atClient(server, request, asked, response, status)
  if (session !== undefined) answer.headers.append('set-cookie', server.sessionCookie.set(session))
  return answer
}

async function atClient(
  server: Server,
  request: Request,
  asked: Pick<ClientTransaction, 'client_id' | 'redirect_uri' | 'state' | 'correlation'>,
  response: AuthorizationResponse | undefined,
  status: 302 | 303,
): Promise<Response> {
  if (!response) return server.pages.for(request).done()
  return redirectToClient(server, request, asked, response, status)
}

/** A person who could not be signed in is told why, and where to try again. */
async function atAccount(
  { issuer, pages }: Server,
  request: Request,
  { at, correlation: reference }: PageRequest,
  response: AuthorizationResponse | undefined,
  status: 302 | 303,
): Promise<Response> {
  const url = accountUrl(issuer)
  if (!response || 'code' in response) return redirect(at ? `${url}#${at}` : url, { status })
  const { error, error_description } = response
  const shown = pages.for(request)
  const detail = `${error}: ${error_description}`
  if (error === 'access_denied') {
    // The same account would come to the same end.
    const tryAgainUrl = `${url}?account=choose`
    return shown.error({ error: 'signInDenied', status: 403, detail, tryAgainUrl, reference })
  }
  const isOutage = error === 'temporarily_unavailable'
  return shown.error({
    error: 'signInFailed',
    // What the browser brought from there may be anybody's fault, and is none of this server's.
    status: isOutage ? 503 : 400,
    retryAfter: isOutage ? 2 : undefined,
    detail,
    tryAgainUrl: url,
    reference,
  })
}
