import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { keepsBinding } from '../grants/client-binding.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Entry } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Server } from './server.ts'

/**
 * Token revocation (RFC 7009). Either token ends the whole grant at once. A token that is unknown, or another
 * client's, is answered the same way and has no effect. A client must prove itself as it did for the grant. A limit puts nobody off who ends what is theirs.
 */
export function revokeEndpoint(server: Server): Entry['methods'] | undefined {
  const { authentication, emit, engine, limiter } = server
  if (!server.revocation.enabled) return undefined
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
    const authenticated = await admission.countRefusal(authenticateClient(authentication, credentials))
    const { client_id } = authenticated.client
    if (token === undefined) throw new OAuthError('invalid_request', 'The parameter token is missing.')
    const loaded = await load(token)
    if (loaded && !loaded.refused && loaded.client_id === client_id) {
      const { client_auth } = loaded
      if (client_auth !== undefined && !keepsBinding(authenticated, client_auth)) {
        throw new OAuthError('invalid_client', `The client must authenticate by ${client_auth}, as it did.`, {
          event: { type: 'client.refused', reason: 'method', client_id },
        })
      }
      await authenticated.spend()
      await loaded.revoke()
    } else {
      // Otherwise whoever has one good token could tell by the answer which secret of another client is right.
      admission.admit()
      const { grant, correlation } = loaded ?? {}
      const isForged = loaded?.refused === 'forged'
      const reason = isForged ? 'forged' : loaded && !loaded.refused ? 'other_client' : 'unknown'
      emit({ type: 'revocation.ignored', client_id, reason, grant, correlation })
    }
    return json({})
  })
  return { POST }
}
