import type { AuthenticatedClient, Engine, TokenSet } from '../engine/engine.ts'
import type { Emit } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Grant } from './grant-type.ts'
import { allowedScopes, issuedScopes, type Offered, requestedAccess } from './requested-access.ts'

interface Issuing extends Offered {
  engine: Required<Pick<Engine, 'issue'>>
  emit: Emit
}

/**
 * The client credentials grant at the token endpoint (RFC 6749 4.4, RFC 8707 2): a client acts for itself. Its secret or
 * its key is all there is to go by, so that it must have one.
 */
export function clientCredentialsGrant(server: Issuing): Grant {
  return async (form) => (client) => issue(server, client, form)
}

function issue(server: Issuing, authenticated: AuthenticatedClient, form: Form): () => Promise<TokenSet> {
  const { engine, emit } = server
  const { client, method } = authenticated
  const { client_id } = client
  const refuse = (description: string) =>
    new OAuthError('unauthorized_client', description, {
      event: { type: 'client.refused', reason: 'grant_type', client_id },
    })
  if (method === 'none') throw refuse('A client without a secret or a key cannot act for itself.')
  if (!client.grant_types.includes('client_credentials')) {
    throw refuse('This client is not registered for client_credentials.')
  }
  const access = requestedAccess(server, client, form)
  const { resource } = access
  const here = server.resources.find(({ identifier }) => identifier === resource)
  if (here && allowedScopes(here.scopes, client).length === 0 && client.scope !== undefined) {
    throw new OAuthError('invalid_scope', 'None of the scopes of this client is known at this resource.')
  }
  return async () => {
    const request = { resource, scopes: issuedScopes(server, access) }
    // It has its secret for the next token; a refresh token would only be one more thing to lose (RFC 6749 4.4.3).
    const { refresh_token: _, ...answer } = await engine.issue(authenticated, request)
    emit({ type: 'token.issued', resource, client_id })
    return answer
  }
}
