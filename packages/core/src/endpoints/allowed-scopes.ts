import type { RegisteredClient } from '../clients/metadata.ts'
import type { Config } from '../config.ts'
import { allowedScopes } from '../grants/requested-access.ts'
import type { AuthorizationRequest } from '../records/transaction.ts'
import { missingScopes } from '../resource-server/scopes.ts'

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
