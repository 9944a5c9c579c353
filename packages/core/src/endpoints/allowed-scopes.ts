import { allowedScopes, type Offered } from '../grants/requested-access.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'

/**
 * Whether what a request asks for may be asked for: it was checked when it began, and options and clients may have
 * changed since, or differ between the instances it passes.
 */
export function isStillAllowed(
  { resources }: Pick<Offered, 'resources'>,
  client: RegisteredClient,
  { resource, scopes }: Pick<AuthorizationRequest, 'resource' | 'scopes'>,
): boolean {
  const found = resources.find(({ identifier }) => identifier === resource)
  if (found === undefined) return false
  return found.scopes.hierarchy.missing(scopes, allowedScopes(found.scopes, client)).length === 0
}
