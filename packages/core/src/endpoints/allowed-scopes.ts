import type { RegisteredClient } from '../clients/metadata.ts'
import type { Config, ProtectedResource } from '../config.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'
import { intersectScopes, missingScopes, withoutOfflineAccess } from '../resource-server/scopes.ts'

/** The client's own `scope` limits it (RFC 7591 2), though never so far that it could not enter at all. */
export function allowedScopes(
  { supported, required }: ProtectedResource['scopes'],
  client: RegisteredClient,
): readonly string[] {
  const registered = withoutOfflineAccess(client.scope?.split(' ') ?? [])
  return registered.length === 0 ? supported : intersectScopes(supported, [...registered, ...required])
}

/**
 * Whether what a request asks for may be asked for: it was checked when it began, and options and clients may have
 * changed since, or differ between the instances it passes.
 */
export function isStillAllowed(
  { resources }: Pick<Config, 'resources'>,
  client: RegisteredClient,
  { resource, scopes }: Pick<AuthorizationRequest, 'resource' | 'scopes'>,
): boolean {
  const found = resources.find(({ identifier }) => identifier === resource)
  return found !== undefined && missingScopes(scopes, allowedScopes(found.scopes, client)).length === 0
}
