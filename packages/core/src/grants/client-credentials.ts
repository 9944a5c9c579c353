import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { unixTime } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Engine, TokenSet } from '../engine.ts'
import { OAuthError } from '../errors.ts'
import type { Form } from '../http/forms.ts'
import { requestedAccess } from './requested-access.ts'

/**
 * The client credentials grant at the token endpoint (RFC 6749 4.4, RFC 8707 2): a client acts for itself. Its secret is
 * all there is to go by, so that it must have one.
 */
export async function clientCredentialsGrant(
  {
    engine,
    config,
  }: {
    engine: Pick<Engine, 'getClient'> & Required<Pick<Engine, 'issue'>>
    config: Pick<Config, 'clock' | 'emit' | 'resources' | 'defaultResource'>
  },
  headers: Headers,
  form: Form,
): Promise<TokenSet> {
  const credentials = clientCredentials(headers, form)
  const authenticated = await authenticateClient(engine, credentials, unixTime(config.clock), config.emit)
  const { client, method } = authenticated
  const { client_id } = client
  const refuse = (description: string) => {
    config.emit({ type: 'client.refused', reason: 'grant_type', client_id })
    return new OAuthError('unauthorized_client', description, { reported: true })
  }
  if (method === 'none') throw refuse('A client without a secret cannot act for itself.')
  if (!client.grant_types.includes('client_credentials')) {
    throw refuse('This client is not registered for client_credentials.')
  }
  const { resource, scopes } = requestedAccess(config, client, form)
  // It has its secret for the next token; a refresh token would only be one more thing to lose (RFC 6749 4.4.3).
  const { refresh_token: _, ...answer } = await engine.issue(authenticated, { resource, scopes })
  config.emit({ type: 'token.issued', resource, client_id })
  return answer
}
