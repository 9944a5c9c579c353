import type {
  AuthenticatedClient,
  Engine,
  LoadedRefreshToken,
  OwnEngine,
  TokenSet,
} from '../engine/engine.ts'
import type { OAuthErrorCode } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Form } from '../http/forms.ts'
import { OAuthError } from '../oauth-error.ts'
import { parseScope, withoutOfflineAccess } from '../syntax/scopes.ts'
import { keepsBinding } from './client-binding.ts'
import type { Grant } from './grant-type.ts'
import {
  allowedScopes,
  isForResource,
  issuedScopes,
  type Offered,
  remainingScopes,
} from './requested-access.ts'

type RefreshRefusal = DrawbridgeEvents['refresh.refused']['reason']
type Loaded = Awaited<ReturnType<Engine['loadRefreshToken']>>

interface Refreshing extends Pick<Offered, 'resources'> {
  engine: Pick<Engine, 'loadRefreshToken'>
  own?: Pick<OwnEngine, 'stepUps'> | undefined
}

/**
 * The refresh token grant at the token endpoint (RFC 6749 6, RFC 9700 4.14). Who holds a token that we issued is never put
 * off by a limit: others who send from the same place would sign them out.
 */
export function refreshTokenGrant(server: Refreshing): Grant {
  return async (form, { admit }) => {
    const refresh_token = form.get('refresh_token')
    if (refresh_token === undefined) {
      admit()
      throw new OAuthError('invalid_request', 'The parameter refresh_token is missing.')
    }
    const loaded = await server.engine.loadRefreshToken(refresh_token)
    if (!loaded || loaded.refused) admit()
    return (client) => {
      // It is genuine for its own client only: by the answer nobody shall tell which secret of another one is right.
      if (loaded && !loaded.refused && loaded.client_id !== client.client.client_id) admit()
      return refresh(server, loaded, client, form)
    }
  }
}

function refresh(
  server: Refreshing,
  loaded: Loaded,
  authenticated: AuthenticatedClient,
  form: Form,
): () => Promise<TokenSet> {
  const { grant, correlation } = loaded ?? {}
  const refuse = (reason: RefreshRefusal, description: string, error: OAuthErrorCode = 'invalid_grant') =>
    new OAuthError(error, description, { event: { type: 'refresh.refused', reason, grant, correlation } })
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
  if (!authenticated.client.grant_types.includes('refresh_token')) {
    throw refuse('grant_type', 'The client may not refresh any more. Authorize again.')
  }
  if (!isForResource(form, loaded.resource)) {
    throw refuse('resource', `This grant is for ${loaded.resource} only.`, 'invalid_target')
  }
  const { resource } = loaded
  const held = issuedScopes(server, loaded)
  const asked = requestedScopes(form, held)
  if (!asked) {
    throw refuse(
      'scope',
      'The scope goes beyond what was granted. Authorize again to obtain more.',
      'invalid_scope',
    )
  }
  const remaining = remainingScopes(server, authenticated.client, { resource, scopes: held })
  if (remaining.length === 0 && held.length > 0) {
    // A token for nothing would have the client fail at each call. Its user signs in anew, to what it may have now.
    throw refuse('scope', 'The client may have nothing of this any more. Authorize again.')
  }
  // Some clients name all that they were granted, and would take an error for the end.
  const given = issuedScopes(server, { resource, scopes: asked }).filter((scope) => remaining.includes(scope))
  if (given.length === 0 && asked.length > 0) {
    throw refuse('scope', 'The client may not have this scope any more.', 'invalid_scope')
  }
  return async () => {
    if (form.get('scope') === undefined && (await isStepUp(server, loaded, authenticated, given))) {
      throw refuse(
        'step_up',
        'What was asked for needs more scope than was granted. Authorize again to obtain it.',
        'server_error',
      )
    }
    return loaded.refresh(authenticated, { scopes: given })
  }
}

/**
 * Whether this client comes from a 403, would not be given what it needs by this refresh, and may have it by another
 * sign-in (`scopes.stepUp`). Only a token that would be answered is looked at, and nothing happens to it.
 */
async function isStepUp(
  { resources, own }: Refreshing,
  loaded: LoadedRefreshToken,
  { client }: AuthenticatedClient,
  given: readonly string[],
): Promise<boolean> {
  const { resource, grant } = loaded
  const found = resources.find(({ identifier }) => identifier === resource)
  if (!found?.scopes.stepUp || !own || grant === undefined || !loaded.isActive()) return false
  const { hierarchy } = found.scopes
  const allowed = allowedScopes(found.scopes, client)
  return own.stepUps.take(
    grant,
    (need) => hierarchy.missing(need, given).length > 0 && hierarchy.missing(need, allowed).length === 0,
  )
}

/** Left out: all of the grant's, with what it implies. A narrower set holds for this access token only. `undefined`: a wider one was asked. */
function requestedScopes(form: Form, scopes: readonly string[]): readonly string[] | undefined {
  const scope = form.get('scope')
  if (scope === undefined) return scopes
  // Clients repeat offline_access here; it has done its work.
  const requested = withoutOfflineAccess(parseScope(scope) ?? [scope])
  if (requested.some((one) => !scopes.includes(one))) return undefined
  return requested.length > 0 ? requested : scopes
}
