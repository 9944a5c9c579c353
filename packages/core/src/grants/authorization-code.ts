import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { unixTime } from '../clock.ts'
import type { Config } from '../config.ts'
import { verifiesChallenge } from '../crypto/pkce.ts'
import type { Engine, TokenSet } from '../engine.ts'
import { OAuthError, type OAuthErrorCode } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { isForResource } from './resource.ts'

type CodeRefusal = DrawbridgeEvents['code.refused']['reason']

/**
 * The authorization code grant at the token endpoint (RFC 6749 4.1.3, RFC 7636 4.6, RFC 8707 2.2). Everything is
 * checked before the code is touched, so that a mistake, or somebody else's try, leaves it usable.
 */
export async function authorizationCodeGrant(
  { engine, config }: { engine: Engine; config: Pick<Config, 'clock' | 'emit'> },
  headers: Headers,
  form: Form,
): Promise<TokenSet> {
  const code = form.get('code')
  const code_verifier = form.get('code_verifier')
  const credentials = clientCredentials(headers, form)
  if (code === undefined) throw new OAuthError('invalid_request', 'The parameter code is missing.')
  const [authenticated, loaded] = await Promise.all([
    authenticateClient(engine, credentials, unixTime(config.clock), config.emit),
    engine.loadCode(code),
  ])
  const { grant, correlation } = loaded ?? {}
  const refuse = (reason: CodeRefusal, description: string, error: OAuthErrorCode = 'invalid_grant') => {
    config.emit({ type: 'code.refused', reason, grant, correlation })
    return new OAuthError(error, description, { reported: true })
  }
  if (!loaded || loaded.refused) {
    throw refuse(loaded?.refused ?? 'unknown', 'The code is not known, or has expired.')
  }
  if (loaded.client_id !== authenticated.client.client_id) {
    throw refuse('other_client', 'The code was issued to another client.')
  }
  const redirect_uri = form.get('redirect_uri')
  if (redirect_uri === undefined ? loaded.redirect_uri_named : redirect_uri !== loaded.redirect_uri) {
    throw refuse('redirect_uri', 'The redirect_uri is not the one the code was requested with.')
  }
  if (code_verifier === undefined)
    throw new OAuthError('invalid_request', 'The parameter code_verifier is missing.')
  if (!verifiesChallenge(code_verifier, loaded.code_challenge)) {
    throw refuse('code_verifier', 'The code_verifier does not match the code_challenge.')
  }
  if (!isForResource(form, loaded.resource)) {
    throw refuse('resource', `This grant is for ${loaded.resource} only.`, 'invalid_target')
  }
  return loaded.exchange(authenticated)
}
