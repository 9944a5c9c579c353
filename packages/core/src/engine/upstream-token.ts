import type { AuthInfo, UpstreamToken, UpstreamTokenOptions } from '../auth.ts'
import { NoUpstreamToken } from '../errors.ts'
import type { Connections } from '../identity/connections.ts'
import { type GrantRecord, grantKey } from '../records/grant.ts'
import type { Records } from '../records/records.ts'

/** The provider's token behind a request. Throws `NoUpstreamToken`, `UpstreamEnded` or `Unavailable`. */
export async function upstreamToken(
  { records, connections }: { records: Records; connections: Connections },
  auth: AuthInfo,
  options: UpstreamTokenOptions = {},
): Promise<UpstreamToken> {
  const ref = auth.extra.grant
  const grant = ref === undefined ? undefined : await records.get<GrantRecord>(grantKey(ref))
  if (!grant?.value.connection) {
    throw new NoUpstreamToken(
      'This request has no provider token: it was not kept, the user signed in at a page of ours, or the access token is not ours.',
    )
  }
  const { owner, connection, correlation } = grant.value
  return connections.token(owner, connection, { ...options, correlation })
}
