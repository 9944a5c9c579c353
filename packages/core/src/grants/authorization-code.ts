import { verifiesChallenge } from '../crypto/pkce.ts'
import type { AuthenticatedClient, Engine, TokenSet } from '../engine/engine.ts'
import type { OAuthErrorCode } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { OAuthError } from '../oauth-error.ts'
import { isOffered } from './client-binding.ts'
import type { Grant } from './grant-type.ts'
import { isForResource, issuedScopes, type Offered, remainingScopes } from './requested-access.ts'

type CodeRefusal = DrawbridgeEvents['code.refused']['reason']
type Loaded = Awaited<ReturnType<Engine['loadCode']>>

/**
 * The authorization code grant at the token endpoint (RFC 6749 4.1.3, RFC 7636 4.6, RFC 8707 2.2). Everything is
 * checked before the code is touched, so that a mistake, or somebody else's try, leaves it usable.
 */
export function authorizationCodeGrant(
  server: { engine: Pick<Engine, 'loadCode'> } & Pick<Offered, 'resources'>,
): Grant {
  return async (form) => {
    const code = form.get('code')
    if (code === undefined) throw new OAuthError('invalid_request', 'The parameter code is missing.')
    const loaded = await server.engine.loadCode(code)
    return (client) => redeem(server, loaded, client, form)
  }
}

function redeem(
  server: Pick<Offered, 'resources'>,
  loaded: Loaded,
  authenticated: AuthenticatedClient,
  form: Form,
): () => Promise<TokenSet> {
  const { grant, correlation } = loaded ?? {}
  const refuse = (reason: CodeRefusal, description: string, error: OAuthErrorCode = 'invalid_grant') =>
    new OAuthError(error, description, { event: { type: 'code.refused', reason, grant, correlation } })
  if (!loaded || loaded.refused) {
    throw refuse(loaded?.refused ?? 'unknown', 'The code is not known, or has expired.')
  }
  if (loaded.client_id !== authenticated.client.client_id) {
    throw refuse('other_client', 'The code was issued to another client.')
  }
  if (!isOffered(authenticated, loaded.client_auth_methods)) {
    throw refuse('client_auth', 'The client must prove who it is, as its metadata says.', 'invalid_client')
  }
  const redirect_uri = form.get('redirect_uri')
  const code_verifier = form.get('code_verifier')
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
  const scopes = issuedScopes(server, loaded)
  const { resource } = loaded
  if (remainingScopes(server, authenticated.client, { resource, scopes }).length < scopes.length) {
    throw refuse('scope', 'The client may not have all of this any more. Authorize again.')
  }
  return () => loaded.redeem(authenticated, { scopes })
}
