import type { AuthInfo, UpstreamToken, UpstreamTokenOptions } from '../auth.ts'
import { NoUpstreamToken } from '../errors.ts'
import type { Connections } from '../identity/connections.ts'
import { upstreamNames } from '../identity/needed-scopes.ts'
import type { ProtectedResource } from '../syntax/resource.ts'
import type { LoadGrant } from './grant-loading.ts'

/** The provider's token behind a request. Throws `NoUpstreamToken`, `UpstreamEnded` or `Unavailable`. */
export async function upstreamToken(
  dependencies: {
    loadGrant: LoadGrant
    connections: Connections
    resources: readonly ProtectedResource[]
  },
  auth: AuthInfo,
  options: UpstreamTokenOptions = {},
): Promise<UpstreamToken> {
  const { loadGrant, connections, resources } = dependencies
  const ref = auth.extra.grant
  const grant = ref === undefined ? undefined : await loadGrant(ref)
  if (!grant?.value.connection) {
    throw new NoUpstreamToken(
      'This request has no provider token: it was not kept, the user signed in at a page of ours, or it came with an API key or with a token that is not ours.',
    )
  }
  const { owner, connection, correlation, provider, resource } = grant.value
  const here = resources.find(({ identifier }) => identifier === resource)
  const scopes = here && options.scopes && upstreamNames(here.scopes, provider, options.scopes)
  return connections.token(owner, connection, { ...options, ...(scopes && { scopes }), correlation })
}
