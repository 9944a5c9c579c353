import type { Confirmation } from '../auth.ts'
import { boundedCache } from '../bounded-cache.ts'
import { type Clock, unixTime } from '../clock.ts'
import { randomText } from '../crypto/random.ts'
import { peekJwt, signJwt, verifyJwt } from '../crypto/signing-keys.ts'
import { type GrantRecord, type GrantRef, grantExpiry, grantRef, isGrantRef } from '../records/grant.ts'
import type { Versioned } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { formatScope } from '../syntax/scopes.ts'
import type { LoadGrant } from './grant-loading.ts'

/** Access tokens of our own: JWTs as RFC 9068 has them, each standing on a grant. */
export interface AccessTokens {
  issue(
    grant: Readonly<GrantRecord>,
    request: { scopes: readonly string[]; lifetime: number },
  ): Promise<string>
  /** Checks the signature and reads the grant. `not-mine`: not a token of this issuer. */
  verify(token: string): Promise<AccessTokenCheck>
}

export type AccessTokenCheck =
  | { status: 'not-mine' }
  | {
      status: 'invalid'
      reason: 'malformed' | 'unknown_key' | 'expired' | 'signature' | 'grant_ended'
      /** What the token says, once its signature has been checked. */
      claims?: AccessTokenClaims
    }
  | { status: 'valid'; claims: AccessTokenClaims; grant: Versioned<GrantRecord> }

interface AccessTokenClaims {
  sub: string
  /** The resource identifier, exactly one. */
  aud: string
  client_id: string
  scopes: readonly string[]
  /** Unix seconds, both. */
  iat: number
  exp: number
  grant: GrantRef
  /** What signed it. */
  kid: string
  /** The key the token is bound to (RFC 7800 3.1). Reserved: none that we issue is. */
  cnf?: Confirmation
}

const typ = 'at+jwt'
/** Bytes of tokens that are remembered, until they end, because their signature has been checked: some five thousand. */
const cacheBytes = 16 * 1024 * 1024

export function accessTokens(dependencies: {
  issuer: string
  keys: Pick<ServerKeys, 'active' | 'find' | 'isGood'>
  loadGrant: LoadGrant
  clock: Clock
}): AccessTokens {
  const { issuer, keys, loadGrant, clock } = dependencies
  const checked = boundedCache<AccessTokenClaims>(cacheBytes)

  async function claimsOf(
    token: string,
  ): Promise<AccessTokenClaims | Exclude<AccessTokenCheck, { status: 'valid' }>> {
    const known = checked.get(token)
    if (known) {
      return known.exp > unixTime(clock) ? known : { status: 'invalid', reason: 'expired', claims: known }
    }
    const peeked = peekJwt(token)
    if (peeked?.iss !== issuer) return { status: 'not-mine' }
    const key = peeked.kid === undefined ? undefined : await keys.find(peeked.kid)
    if (!key) return { status: 'invalid', reason: 'unknown_key' }
    let verified: Awaited<ReturnType<typeof verifyJwt>>
    try {
      verified = await verifyJwt(key, token, { typ, issuer, now: new Date(clock.now()) })
    } catch {
      return { status: 'invalid', reason: 'signature' }
    }
    const { sub, aud, iat, exp, client_id, scope, grant, cnf } = verified.payload
    if (
      typeof sub !== 'string' ||
      typeof aud !== 'string' ||
      typeof iat !== 'number' ||
      typeof exp !== 'number' ||
      typeof client_id !== 'string' ||
      typeof scope !== 'string' ||
      typeof grant !== 'string' ||
      !isGrantRef(grant) ||
      !(cnf === undefined || (typeof cnf === 'object' && cnf !== null))
    ) {
      return { status: 'invalid', reason: 'malformed' }
    }
    const claims: AccessTokenClaims = {
      sub,
      aud,
      client_id,
      scopes: scope.split(' ').filter(Boolean),
      iat,
      exp,
      grant,
      kid: key.kid,
      ...(cnf !== undefined && { cnf }),
    }
    if (verified.expired) return { status: 'invalid', reason: 'expired', claims }
    // The token, and its claims once more.
    checked.set(token, claims, 3 * token.length + 500)
    return claims
  }

  return {
    async issue(grant, { scopes, lifetime }) {
      const now = unixTime(clock)
      return signJwt(await keys.active(), typ, {
        iss: issuer,
        sub: grant.subject,
        aud: grant.resource,
        client_id: grant.client_id,
        scope: formatScope(scopes),
        iat: now,
        exp: now + lifetime,
        jti: randomText(16),
        grant: grantRef(grant),
      })
    },

    async verify(token) {
      const claims = await claimsOf(token)
      if ('status' in claims) return claims
      // What was checked with a key that has been revoked since was never good. In one trip with the grant.
      const [grant, isGenuine] = await Promise.all([loadGrant(claims.grant), keys.isGood(claims.kid)])
      if (!isGenuine) return { status: 'invalid', reason: 'unknown_key' }
      const isGood =
        grant &&
        // Nobody has an access token of a code that was never redeemed: a write that came late brought the grant back.
        grant.value.code.redeemed_at !== undefined &&
        unixTime(clock) < grantExpiry(grant.value) &&
        grant.value.client_id === claims.client_id &&
        grant.value.subject === claims.sub
      if (!isGood) {
        return { status: 'invalid', reason: 'grant_ended', claims }
      }
      return { status: 'valid', claims, grant }
    },
  }
}
