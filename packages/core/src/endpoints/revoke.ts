import { authenticateClient, clientCredentials } from '../clients/client-authentication.ts'
import { unixTime } from '../clock.ts'
import { bodyForm } from '../http/forms.ts'
import { json } from '../http/responses.ts'
import type { Entry, Handler } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import type { Server } from './server.ts'

/**
 * Token revocation (RFC 7009). Either token ends the whole grant at once. A token that is unknown, or another
 * client's, is answered the same way and has no effect.
 */
export function revokeEndpoint({
  clock,
  emit,
  engine,
  revocation,
}: Pick<Server, 'clock' | 'emit' | 'engine' | 'revocation'>): Entry['methods'] | undefined {
  if (!revocation.enabled) return undefined
  const POST: Handler = async (request) => {
    const form = await bodyForm(request)
    const token = form.get('token')
    const credentials = clientCredentials(request.headers, form)
    const { client } = await authenticateClient(engine, credentials, unixTime(clock))
    if (token === undefined) throw new OAuthError('invalid_request', 'The parameter token is missing.')
    // The two kinds cannot be mistaken for each other, so that token_type_hint has nothing to add.
    const loaded = (await engine.loadRefreshToken(token)) ?? (await engine.loadAccessToken(token))
    if (loaded && !loaded.refused && loaded.client_id === client.client_id) await loaded.revoke()
    else {
      const { client_id } = client
      const { grant, correlation } = loaded ?? {}
      const isForged = loaded?.refused === 'forged'
      const reason = isForged ? 'forged' : loaded && !loaded.refused ? 'other_client' : 'unknown'
      emit({ type: 'revocation.ignored', client_id, reason, grant, correlation })
    }
    return json({})
  }
  return { POST }
}
