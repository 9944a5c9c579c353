import { OAuthError } from '../errors.ts'
import { grantTypes } from '../grants/index.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { Server } from './server.ts'

/** The token endpoint (RFC 6749 3.2). */
export function tokenEndpoint(server: Pick<Server, 'config' | 'engine'>): Handler {
  const grants = grantTypes(server)
  return async (request) => {
    const form = await bodyForm(request)
    const grant_type = form.get('grant_type')
    if (grant_type === undefined) {
      throw new OAuthError('invalid_request', 'The parameter grant_type is missing.')
    }
    const grant = grants.get(grant_type)
    if (!grant) {
      throw new OAuthError('unsupported_grant_type', `Use one of ${[...grants.keys()].join(', ')}.`)
    }
    return json(await grant(request.headers, form))
  }
}
