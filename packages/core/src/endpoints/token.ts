import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { grantTypes } from '../grants/index.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Server } from './server.ts'

export const tokenPath = '/token'

/**
 * The token endpoint (RFC 6749 3.2): authenticates the client, while the grant loads what the form names. A sender over its
 * limit is refused before that, but for a credential that is told to be genuine only by loading it.
 */
export function tokenEndpoint(server: Server): Entry['methods'] {
  const { authentication, limiter } = server
  const grants = grantTypes(server)
  const POST = limiter.within('token', async (request, _, admission) => {
    const form = await admission.countRefusal(bodyForm(request))
    const grant_type = form.get('grant_type')
    const found = grants.get(grant_type ?? '')
    if (!found?.admitsGenuine) admission.admit()
    if (grant_type === undefined) {
      throw new OAuthError('invalid_request', 'The parameter grant_type is missing.')
    }
    if (!found) {
      throw new OAuthError('unsupported_grant_type', `Use one of ${[...grants.keys()].join(', ')}.`)
    }
    const credentials = clientCredentials(request.headers, form)
    const loading = found.grant(form, admission)
    // What is forged then costs no more than its look-up.
    if (admission.isOver()) await loading
    const [client, proceed] = await Promise.all([
      admission.countRefusal(authenticateClient(authentication, credentials)),
      loading,
    ])
    const act = proceed(client)
    await client.spend()
    return json(await act())
  })
  return { POST }
}
