import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { unixTime } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Engine, LoadedRefreshToken, TokenSet } from '../engine.ts'
import { OAuthError } from '../errors.ts'
import type { Form } from '../http/forms.ts'
import { parseScope } from '../resource-server/scopes.ts'
import { requireSameResource } from './resource.ts'

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
    authenticateClient(engine, credentials, unixTime(config.clock)),
    engine.loadRefreshToken(refresh_token),
  ])
  const refuse = (reason: string, description: string) => {
    config.emit({ type: 'refresh.refused', reason })
    return new OAuthError('invalid_grant', description)
  }
  if (!loaded) throw refuse('unknown', 'The refresh token is not known, or has ended.')
  if (loaded.client_id !== authenticated.client.client_id) {
    throw refuse('other_client', 'The refresh token was issued to another client.')
  }
  if (loaded.client_auth !== undefined && loaded.client_auth !== authenticated.method) {
    throw new OAuthError('invalid_client', 'The client must authenticate as it did when the grant was made.')
  }
  requireSameResource(form, loaded.resource)
  return loaded.exchange(authenticated, { scopes: requestedScopes(form, loaded) })
}

/** Left out: all of the grant's. A narrower set holds for this access token only. */
function requestedScopes(form: Form, { scopes }: LoadedRefreshToken): readonly string[] {
  const scope = form.get('scope')
  if (scope === undefined) return scopes
  // Clients repeat offline_access here; it has done its work.
  const requested = (parseScope(scope) ?? [scope]).filter((one) => one !== 'offline_access')
  const beyond = requested.find((one) => !scopes.includes(one))
  if (beyond !== undefined) {
    throw new OAuthError(
      'invalid_scope',
      'The scope goes beyond what was granted. Authorize again to obtain more.',
    )
  }
  return requested.length > 0 ? requested : scopes
}
