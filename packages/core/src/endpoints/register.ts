import { clientInformationResponse, parseClientMetadata, refuseOversized } from '../clients/registration.ts'
import type { Engine } from '../engine/engine.ts'
import { isNamed } from '../errors.ts'
import { redacted } from '../events.ts'
import { registrableGrantTypes } from '../grants/index.ts'
import { jsonBody } from '../http/forms.ts'
import { errorResponse, json } from '../http/responses.ts'
import type { Entry, Handler } from '../http/router.ts'
import type { OAuthError } from '../oauth-error.ts'
import { withoutOfflineAccess } from '../syntax/scopes.ts'
import { checkAllowed, checkInitialAccessToken } from './registration-admission.ts'
import type { Server } from './server.ts'

export const registrationPath = '/register'

/** Where clients register; `undefined` where nobody may. */
export function registrationUrl({
  engine,
  issuer,
  registration,
}: Pick<Server, 'engine' | 'issuer' | 'registration'>): string | undefined {
  return registration.enabled && engine.registerClient ? issuer + registrationPath : undefined
}

/** Dynamic client registration (RFC 7591 3). */
export function registerEndpoint(server: Server): Entry['methods'] | undefined {
  const { emit, engine, registration } = server
  if (registrationUrl(server) === undefined || !registers(engine)) return undefined
  const { redirectUris, supportedScopes } = server
  const policy = { redirectUris, supportedScopes, grantTypes: registrableGrantTypes(server) }
  const POST: Handler = async (request, { clientAddress }) => {
    // For seeing where a flood of registrations comes from, and for an operator who tells senders apart.
    const from = clientAddress === undefined ? {} : { client_address: clientAddress }
    try {
      await checkInitialAccessToken(registration, request.headers)
      const metadata = parseClientMetadata(await jsonBody(request), policy)
      refuseOversized(metadata)
      const limited = { ...metadata, scope: scopeLimit(server, metadata.scope) }
      const sender = { clientAddress, headers: request.headers }
      await checkAllowed(registration, metadata, sender)
      const key = registration.key(sender)
      const { client, client_secret, evicted } = await engine.registerClient(limited, key)
      const { client_id, correlation } = client
      if (evicted !== undefined) emit({ type: 'client.evicted', client_id: evicted })
      emit({ type: 'client.registered', client_id, correlation, ...from })
      const registered = { ...client, scope: metadata.scope }
      return json(clientInformationResponse(registered, client_secret), 201)
    } catch (error) {
      if (isNamed<OAuthError>(error, 'OAuthError')) {
        const { event } = error
        const reason = event?.type === 'registration.refused' ? event.reason : error.code
        emit({ type: 'registration.refused', reason, detail: redacted(error.message), ...from })
        // RFC 7591 has a code of its own for a body that is no metadata at all.
        if (error.code === 'invalid_request') {
          return json({ error: 'invalid_client_metadata', error_description: error.message }, error.status)
        }
        return errorResponse(error)
      }
      throw error
    }
  }
  return { POST }
}

function registers(engine: Engine): engine is Engine & Required<Pick<Engine, 'registerClient'>> {
  return engine.registerClient !== undefined
}

/**
 * The registered `scope` as far as it limits the client. Many clients register whatever the challenge has just told them
 * to ask for, and come back when a tool needs more: who names all of that has not chosen to have no more than that.
 */
function scopeLimit({ resources }: Pick<Server, 'resources'>, scope: string | undefined): string | undefined {
  const named = withoutOfflineAccess(scope?.split(' ') ?? [])
  const repeats = resources.some(
    ({ scopes: { challenge, hierarchy } }) =>
      challenge.length > 0 && hierarchy.missing(challenge, named).length === 0,
  )
  return repeats ? undefined : scope
}
