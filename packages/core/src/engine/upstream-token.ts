import type { AuthInfo, UpstreamToken, UpstreamTokenOptions } from '../auth.ts'
import { NoUpstreamToken } from '../errors.ts'
import type { Connections } from '../identity/connections.ts'
import type { LoadGrant } from './grant-loading.ts'

/** The provider's token behind a request. Throws `NoUpstreamToken`, `UpstreamEnded` or `Unavailable`. */
export async function upstreamToken(
  { loadGrant, connections }: { loadGrant: LoadGrant; connections: Connections },
  auth: AuthInfo,
  options: UpstreamTokenOptions = {},
): Promise<UpstreamToken> {
  const ref = auth.extra.grant
  const grant = ref === undefined ? undefined : await loadGrant(ref)
  if (!grant?.value.connection) {
    throw new NoUpstreamToken(
      'This request has no provider token: it was not kept, the user signed in at a page of ours, or the access token is not ours.',
    )
  }
  const { owner, connection, correlation } = grant.value
  return connections.token(owner, connection, { ...options, correlation })
}
