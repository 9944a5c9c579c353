import { authenticateClient, clientCredentials, keepsBinding } from '../clients/client-authentication.ts'
import { unixTime } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Engine, TokenSet } from '../engine.ts'
import { OAuthError, type OAuthErrorCode } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { parseScope, withoutOfflineAccess } from '../resource-server/scopes.ts'
import { isForResource } from './resource.ts'

type RefreshRefusal = DrawbridgeEvents['refresh.refused']['reason']

/** The refresh token grant at the token endpoint (RFC 6749 6, RFC 9700 4.14). */
export async function refreshTokenGrant(
  { engine, config }: { engine: Engine; config: Pick<Config, 'clock' | 'emit'> },
  headers: Headers,
  form: Form,
): Promise<TokenSet> {
  const refresh_token = form.get('refresh_token')
  const credentials = clientCredentials(headers, form)
  if (refresh_token === undefined)
    throw new OAuthError('invalid_request', 'The parameter refresh_token is missing.')
  const [authenticated, loaded] = await Promise.all([
    authenticateClient(engine, credentials, unixTime(config.clock), config.emit),
    engine.loadRefreshToken(refresh_token),
  ])
  const { grant, correlation } = loaded ?? {}
  const refuse = (reason: RefreshRefusal, description: string, error: OAuthErrorCode = 'invalid_grant') => {
    config.emit({ type: 'refresh.refused', reason, grant, correlation })
    return new OAuthError(error, description, { reported: true })
  }
  if (!loaded || loaded.refused) {
    throw refuse(loaded?.refused ?? 'unknown', 'The refresh token is not known, or has ended.')
  }
  if (loaded.client_id !== authenticated.client.client_id) {
    throw refuse('other_client', 'The refresh token was issued to another client.')
  }
  if (loaded.client_auth !== undefined && !keepsBinding(authenticated, loaded.client_auth)) {
    throw refuse(
      'client_auth',
      'The client must authenticate as it did when the grant was made.',
      'invalid_client',
    )
  }
  if (!isForResource(form, loaded.resource)) {
    throw refuse('resource', `This grant is for ${loaded.resource} only.`, 'invalid_target')
  }
  const scopes = requestedScopes(form, loaded.scopes)
  if (!scopes) {
    throw refuse(
      'scope',
      'The scope goes beyond what was granted. Authorize again to obtain more.',
      'invalid_scope',
    )
  }
  return loaded.exchange(authenticated, { scopes })
}

/** Left out: all of the grant's. A narrower set holds for this access token only. `undefined`: a wider one was asked. */
function requestedScopes(form: Form, scopes: readonly string[]): readonly string[] | undefined {
  const scope = form.get('scope')
  if (scope === undefined) return scopes
  // Clients repeat offline_access here; it has done its work.
  const requested = withoutOfflineAccess(parseScope(scope) ?? [scope])
  if (requested.some((one) => !scopes.includes(one))) return undefined
  return requested.length > 0 ? requested : scopes
}
