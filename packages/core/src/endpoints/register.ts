import { clientInformationResponse, parseClientMetadata, refuseOversized } from '../clients/registration.ts'
import { isNamed, type OAuthError } from '../errors.ts'
import { redacted } from '../events.ts'
import { jsonBody } from '../http/forms.ts'
import { errorResponse, json } from '../http/responses.ts'
import type { Handler } from '../http/router.ts'
import type { Server } from './server.ts'

/** Dynamic client registration (RFC 7591 3). */
export function registerEndpoint({ config, engine }: Pick<Server, 'config' | 'engine'>): Handler {
  return async (request, { clientAddress }) => {
    // For seeing where a flood of registrations comes from, and for an operator who tells senders apart.
    const from = clientAddress === undefined ? {} : { client_address: clientAddress }
    try {
      const metadata = parseClientMetadata(await jsonBody(request), { redirectUris: config.redirectUris })
      refuseOversized(metadata)
      const sender = config.registration.key({ clientAddress, headers: request.headers })
      const { client, client_secret, evicted } = await engine.registerClient(metadata, sender)
      const { client_id, correlation } = client
      if (evicted !== undefined) config.emit({ type: 'client.evicted', client_id: evicted })
      config.emit({ type: 'client.registered', client_id, correlation, ...from })
      return json(clientInformationResponse(client, client_secret), 201)
    } catch (error) {
      if (isNamed<OAuthError>(error, 'OAuthError')) {
        config.emit({ type: 'client.rejected', reason: error.code, detail: redacted(error.message), ...from })
        // RFC 7591 has a code of its own for a body that is no metadata at all.
        if (error.code === 'invalid_request') {
          return json({ error: 'invalid_client_metadata', error_description: error.message }, error.status)
        }
        return errorResponse(error)
      }
      throw error
    }
  }
}
