import type { AuthenticatedClient } from '../engine/engine.ts'
import { authMethodsOf, type TokenEndpointAuthMethod } from '../records/client-metadata.ts'

/**
 * Whether a client that is bound to one method may use another: a stronger one, or one that proves as much when its
 * registration has come to name that one. Somebody with a stolen token must not be able to choose the easier way.
 */
export function keepsBinding(
  { client, method }: AuthenticatedClient,
  bound: TokenEndpointAuthMethod,
): boolean {
  if (method === bound || strength[method] > strength[bound]) return true
  return strength[method] === strength[bound] && !authMethodsOf(client).includes(bound)
}

/**
 * Whether a code may be redeemed so, which was issued when the client could use these methods. What it may use now was
 * looked at already, but for a client that brings no proof and says that it is one with a metadata document.
 */
export function isOffered(
  { method }: AuthenticatedClient,
  offered: readonly TokenEndpointAuthMethod[],
): boolean {
  return offered.some((one) => strength[method] >= strength[one])
}

/** The two ways to send a secret prove the same. */
const strength: Readonly<Record<TokenEndpointAuthMethod, number>> = {
  none: 0,
  client_secret_basic: 1,
  client_secret_post: 1,
  private_key_jwt: 2,
}
