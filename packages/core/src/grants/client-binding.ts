import type { AuthenticatedClient } from '../engine/engine.ts'
import type { TokenEndpointAuthMethod } from '../records/client-metadata.ts'

/**
 * Whether a client that is bound to one method may use another: a stronger one, or one that proves as much when its
 * registration has come to name that one. Somebody with a stolen token must not be able to choose the easier way.
 */
export function keepsBinding(
  { client, method }: AuthenticatedClient,
  bound: TokenEndpointAuthMethod,
): boolean {
  if (method === bound || strength[method] > strength[bound]) return true
  return strength[method] === strength[bound] && client.either_secret_method !== true
}

/** The two ways to send a secret prove the same. */
const strength: Readonly<Record<TokenEndpointAuthMethod, number>> = {
  none: 0,
  client_secret_basic: 1,
  client_secret_post: 1,
}
