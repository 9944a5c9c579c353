import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { grantTypes } from '../grants/index.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Entry, Handler } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Server } from './server.ts'

export const tokenPath = '/token'

/** The token endpoint (RFC 6749 3.2): authenticates the client, while the grant loads what the form names. */
export function tokenEndpoint(server: Server): Entry['methods'] {
  const grants = grantTypes(server)
  const POST: Handler = async (request) => {
    const form = await bodyForm(request)
    const grant_type = form.get('grant_type')
    if (grant_type === undefined) {
      throw new OAuthError('invalid_request', 'The parameter grant_type is missing.')
    }
    const found = grants.get(grant_type)
    if (!found) {
      throw new OAuthError('unsupported_grant_type', `Use one of ${[...grants.keys()].join(', ')}.`)
    }
    const credentials = clientCredentials(request.headers, form)
    const loading = found.grant(form)
    const [client, proceed] = await Promise.all([
      authenticateClient(server.authentication, credentials),
      loading,
    ])
    const act = proceed(client)
    await client.spend()
    return json(await act())
  }
  return { POST }
}
