import type { Auth, AuthInfo, Mountable, UpstreamToken, UpstreamTokenOptions } from './auth.ts'
import { unixTime } from './clock.ts'
import type { Config, ProtectedResource } from './config.ts'
import { NoUpstreamToken, Unavailable } from './errors.ts'
import type { AccessTokens } from './grants/access-token.ts'
import { isSameResource } from './grants/resource.ts'
import type { Connections } from './identity/connections.ts'
import { type GrantRecord, grantKey } from './records/grant.ts'
import type { Records } from './records/records.ts'
import { firstDecision, gateResult } from './resource-server/first-decision.ts'
import { type GateResult, gate } from './resource-server/gate.ts'
import { protectedResourceMetadataUrl } from './resource-server/protected-resource-metadata.ts'
import { intersectScopes } from './resource-server/scopes.ts'
import type { Verification, Verifier } from './resource-server/verifier.ts'

/** What the gates of an authorization server's resources share. */
export interface GateDependencies {
  config: Config
  tokens: AccessTokens
  records: Records
  connections: Connections
  /** Serves the authorization server's endpoints, whichever resource they are mounted with. */
  endpoints: Mountable
  accept: readonly Verifier[]
}

/** The gate of one resource behind our own authorization server. */
export function protectedResource<User>(
  dependencies: GateDependencies,
  resource: ProtectedResource,
  resourcePaths: readonly string[],
): Auth<User> {
  const { config, endpoints } = dependencies
  const { identifier, scopes } = resource
  const check = (token: string) => checkToken<User>(dependencies, identifier, token)
  return {
    ...gate<User>({
      resource: identifier,
      resourceMetadataUrl: protectedResourceMetadataUrl(identifier),
      scopes,
      check,
      emit: config.emit,
    }),
    handle: endpoints.handle,
    routes: endpoints.routes,
    resource: identifier,
    resourcePaths,
    async revalidate(auth) {
      if (auth.expiresAt <= unixTime(config.clock)) return false
      const result = await check(auth.token)
      if (result.status === 'unavailable') throw new Unavailable(result.reason)
      return result.status === 'valid' && result.token.subject === auth.extra.subject
    },
    upstreamToken: (auth, options) => upstreamToken(dependencies, auth, options),
  }
}

/** RFC 9068 4, and the grant behind it: what it no longer allows, the token no longer allows. */
async function checkToken<User>(
  { config, tokens, accept }: GateDependencies,
  resource: string,
  token: string,
): Promise<GateResult<User>> {
  const check = await tokens.verify(token)
  if (check.status === 'not-mine') {
    const verification = await firstDecision(accept, token, resource, config.emit)
    return gateResult(verification as Verification<User>)
  }
  if (check.status === 'invalid') {
    const { reason, claims } = check
    const scopes = claims && isSameResource(claims.aud, resource) ? claims.scopes : undefined
    return { status: 'invalid', reason, client_id: claims?.client_id, grant: claims?.grant, scopes }
  }
  const { claims, grant } = check
  const { correlation } = grant.value
  if (!isSameResource(claims.aud, resource)) {
    const { client_id } = claims
    return { status: 'invalid', reason: 'other_resource', client_id, grant: claims.grant, correlation }
  }
  return {
    status: 'valid',
    grant: claims.grant,
    correlation,
    token: {
      subject: claims.sub,
      clientId: claims.client_id,
      scopes: intersectScopes(claims.scopes, grant.value.scopes),
      expiresAt: claims.exp,
      issuer: config.issuer,
      // The provider that made these claims is the one whose type the caller was given. A copy, since the record is
      // shared with every request of this grant and its next refresh, and tools may change what they are given.
      user: structuredClone(grant.value.claims) as User,
    },
  }
}

/** The provider's token behind a request. Throws `NoUpstreamToken`, `UpstreamEnded` or `Unavailable`. */
export async function upstreamToken(
  { records, connections }: Pick<GateDependencies, 'records' | 'connections'>,
  auth: AuthInfo,
  options: UpstreamTokenOptions = {},
): Promise<UpstreamToken> {
  const ref = auth.extra.grant
  const grant = ref === undefined ? undefined : await records.get<GrantRecord>(grantKey(ref))
  if (!grant?.value.connection) {
    throw new NoUpstreamToken(
      'This request has no provider token: it was not kept, or the access token is not ours.',
    )
  }
  const { owner, connection, correlation } = grant.value
  return connections.token(owner, connection, { ...options, correlation })
}
