import { OAuthError } from '../errors.ts'
import { authorizationCodeGrant } from '../grants/authorization-code.ts'
import { refreshTokenGrant } from '../grants/refresh-token.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { Server } from './server.ts'

/** The token endpoint (RFC 6749 3.2). */
export function tokenEndpoint({ config, engine }: Pick<Server, 'config' | 'engine'>): Handler {
  return async (request) => {
    const form = await bodyForm(request)
    const grant_type = form.get('grant_type')
    switch (grant_type) {
      case 'authorization_code':
        return json(await authorizationCodeGrant({ engine, config }, request.headers, form))
      case 'refresh_token':
        return json(await refreshTokenGrant({ engine, config }, request.headers, form))
      case undefined:
        throw new OAuthError('invalid_request', 'The parameter grant_type is missing.')
      default:
        throw new OAuthError('unsupported_grant_type', 'Use authorization_code or refresh_token.')
    }
  }
}
