import type { Auth, Marker, Mountable } from '../auth.ts'
import { type Clock, unixTime } from '../clock.ts'
import type { Engine, OwnEngine } from '../engine/engine.ts'
import { Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import { isSameResource, type ProtectedResource } from '../syntax/resource.ts'
import { missingScopes } from '../syntax/scopes.ts'
import { firstDecision, gateResult } from './first-decision.ts'
import { type GateResult, gate } from './gate.ts'
import { protectedResourceMetadataUrl } from './protected-resource-metadata.ts'
import type { Verification, Verifier } from './verifier.ts'

/** What the gates of an authorization server's resources share. */
interface GateDependencies {
  issuer: string
  clock: Clock
  emit: Emit
  engine: Pick<Engine, 'loadAccessToken'>
  own: Pick<OwnEngine, 'upstreamToken' | 'stepUps'> | undefined
  /** What is mounted with the resource: its metadata, and the authorization server where it is on the same host. */
  endpoints: Mountable
  accept: readonly Verifier[]
  limitAnonymous: Auth['limitAnonymous']
  marker: Marker
}

/** Seconds before its end from which on a client may refresh a token by itself. */
const nearExpiry = 120

/** The gate of one resource behind our own authorization server. */
export function protectedResource<User>(
  dependencies: GateDependencies,
  resource: ProtectedResource,
  resourcePaths: readonly string[],
): Auth<User> {
  const { clock, emit, endpoints, own, limitAnonymous, marker } = dependencies
  const { identifier, scopes } = resource
  const check = (token: string) => checkToken<User>(dependencies, resource, token)
  return {
    ...gate<User>({
      resource: identifier,
      resourceMetadataUrl: protectedResourceMetadataUrl(identifier),
      scopes,
      check,
      emit,
      clock,
      onForbidden: async ({ expiresAt, extra: { grant } }, need) => {
        if (scopes.stepUp === undefined || grant === undefined) return
        // Who refreshes a token near its end does so for that, and not because of the 403.
        const isYoung = expiresAt - unixTime(clock) > nearExpiry
        if (isYoung && missingScopes(need, resource.grantable).length === 0)
          await own?.stepUps.note(grant, need)
      },
    }),
    handle: endpoints.handle,
    routes: endpoints.routes,
    resource: identifier,
    resourcePaths,
    grantableScopes: resource.grantable,
    marker,
    async revalidate(auth) {
      if (auth.expiresAt <= unixTime(clock)) return false
      const result = await check(auth.token)
      if (result.status === 'unavailable') throw new Unavailable(result.reason)
      return result.status === 'valid' && result.token.subject === auth.extra.subject
    },
    ...(limitAnonymous && { limitAnonymous }),
    ...(own && { upstreamToken: (auth, options) => own.upstreamToken(auth, options) }),
  }
}

/** A token of the engine's for this resource; any other is for the verifiers to know. */
async function checkToken<User>(
  { emit, issuer, engine, accept }: GateDependencies,
  { identifier: resource, scopes: { hierarchy } }: ProtectedResource,
  token: string,
): Promise<GateResult<User>> {
  const loaded = await engine.loadAccessToken(token)
  if (!loaded) {
    const verification = await firstDecision(accept, token, resource, emit)
    return gateResult(verification as Verification<User>)
  }
  const { client_id, grant, correlation } = loaded
  if (loaded.refused) {
    const { refused: reason, held } = loaded
    const scopes = held && isSameResource(held.resource, resource) ? held.scopes : undefined
    return { status: 'invalid', reason, client_id, grant, correlation, scopes }
  }
  if (!isSameResource(loaded.resource, resource)) {
    const meantFor = { audiences: [loaded.resource], clientId: client_id }
    return { status: 'invalid', reason: 'other_resource', client_id, grant, correlation, meantFor }
  }
  if (loaded.token_type !== 'Bearer') {
    return { status: 'invalid', reason: 'not_verified', detail: 'token_type', client_id, grant, correlation }
  }
  return {
    status: 'valid',
    grant,
    correlation,
    token: {
      subject: loaded.subject,
      clientId: loaded.client_id,
      // What the grant no longer allows, the token no longer allows.
      scopes: hierarchy.common(loaded.scopes, loaded.granted),
      expiresAt: loaded.expires_at,
      issuer,
      cnf: loaded.cnf,
      // The provider that made these claims is the one whose type the caller was given. A copy, since the record is
      // shared with every request of this grant and its next refresh, and tools may change what they are given.
      user: structuredClone(loaded.claims) as User,
    },
  }
}
