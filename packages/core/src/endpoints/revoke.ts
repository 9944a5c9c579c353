import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { keepsBinding } from '../grants/client-binding.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Server } from './server.ts'

/**
 * Token revocation (RFC 7009). Either token ends the whole grant at once. A token that is unknown, or another
 * client's, is answered the same way and has no effect. A limit puts nobody off who ends what is theirs.
 */
export function revokeEndpoint({
  authentication,
  emit,
  engine,
  limiter,
  revocation,
}: Pick<Server, 'authentication' | 'emit' | 'engine' | 'limiter' | 'revocation'>):
  | Entry['methods']
  | undefined {
  if (!revocation.enabled) return undefined
  // The two kinds cannot be mistaken for each other, so that token_type_hint has nothing to add.
  const load = async (token: string) =>
    (await engine.loadRefreshToken(token)) ?? (await engine.loadAccessToken(token))
  const isGenuine = async (token: string | undefined) => {
    const loaded = token === undefined ? undefined : await load(token)
    return loaded !== undefined && !loaded.refused
  }
  const POST = limiter.within('revoke', async (request, _, admission) => {
    const form = await admission.countRefusal(bodyForm(request))
    const token = form.get('token')
    if (!admission.isOver() || !(await isGenuine(token))) admission.admit()
    const credentials = clientCredentials(request.headers, form)
    const authenticated = await authenticateClient(authentication, credentials)
    const { client, spend } = authenticated
    if (token === undefined) throw new OAuthError('invalid_request', 'The parameter token is missing.')
    const loaded = await load(token)
    if (loaded && !loaded.refused && loaded.client_id === client.client_id) {
      if (loaded.client_auth !== undefined && !keepsBinding(authenticated, loaded.client_auth)) {
        const description = 'The client must authenticate as it did when the grant was made.'
        throw new OAuthError('invalid_client', description)
      }
      await spend()
      await loaded.revoke()
    } else {
      const { client_id } = client
      const { grant, correlation } = loaded ?? {}
      const isForged = loaded?.refused === 'forged'
      const reason = isForged ? 'forged' : loaded && !loaded.refused ? 'other_client' : 'unknown'
      emit({ type: 'revocation.ignored', client_id, reason, grant, correlation })
    }
    return json({})
  })
  return { POST }
}
