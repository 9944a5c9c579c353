import { type Clock, unixTime } from '../clock.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import type { AuthenticatedClient, LoadedCode, TokenSet } from '../engine.ts'
import { OAuthError } from '../errors.ts'
import type { Emit } from '../events.ts'
import { type GrantRecord, grantExpiry, grantKey, grantRef } from '../records/grant.ts'
import { clockSkew, type Records, type Versioned } from '../records/records.ts'
import type { AccessTokens } from './access-token.ts'
import type { EndGrant } from './ending.ts'
import { formatRefreshToken, parseCode } from './token-format.ts'
import { tokenSet } from './token-set.ts'

/** Seconds after its redemption within which a repeated code is a retry and not an attack. */
const replayMargin = clockSkew

export interface RedemptionDependencies {
  records: Records
  accessTokens: AccessTokens
  clock: Clock
  emit: Emit
  end: EndGrant
  accessTokenLifetime: number
  /** Renews the client's lifetime, until the grant's end (Unix seconds) at least; runs beside the other writes. */
  touchClient(client: AuthenticatedClient['client'], until: number): Promise<void>
}

/** Finds the grant a code leads to. `undefined`: there is none, or the code's secret is not its own. */
export function codeLoader(
  dependencies: RedemptionDependencies,
): (code: string) => Promise<LoadedCode | undefined> {
  const { records } = dependencies
  return async (code) => {
    const parsed = parseCode(code)
    if (!parsed) return undefined
    const record = await records.get<GrantRecord>(grantKey(parsed.grant))
    if (!record || !constantTimeEqual(await sha256(parsed.secret), record.value.code.hash)) return undefined
    const { client_id, redirect_uri, resource, code: pending } = record.value
    return {
      client_id,
      redirect_uri,
      redirect_uri_named: pending.redirect_uri_named ?? false,
      resource,
      grant: parsed.grant,
      correlation: record.value.correlation,
      code_challenge: pending.code_challenge,
      exchange: (client) => redeem(dependencies, record, client),
    }
  }
}

async function redeem(
  dependencies: RedemptionDependencies,
  record: Versioned<GrantRecord>,
  authenticated: AuthenticatedClient,
): Promise<TokenSet> {
  const { records, clock, emit } = dependencies
  const { client, method } = authenticated
  const unredeemed = record.value
  const ref = grantRef(unredeemed)
  const now = unixTime(clock)
  const refuse = (reason: 'expired' | 'conflict', description: string) => {
    emit({ type: 'code.refused', reason, grant: ref, correlation: unredeemed.correlation })
    return deadCode(description)
  }
  if (unredeemed.code.redeemed_at !== undefined) return refuseReplay(dependencies, unredeemed)
  if (now >= unredeemed.code.expires_at) throw refuse('expired', 'The code has expired.')

  const refreshable = client.grant_types.includes('refresh_token')
  const secret = randomText()
  const redeemed: GrantRecord = {
    ...unredeemed,
    client_auth: method,
    used_at: now,
    idle: refreshable ? unredeemed.idle : dependencies.accessTokenLifetime + clockSkew,
    code: { ...unredeemed.code, redeemed_at: now },
    ...(refreshable ? { refresh: { generation: 0, current_hash: await sha256(secret), rotations: [] } } : {}),
  }
  const [version] = await Promise.all([
    records.put(record.key, redeemed, { ifVersion: record.version, expiresAt: grantExpiry(redeemed) }),
    dependencies.touchClient(client, grantExpiry(redeemed)),
  ])
  if (version === undefined) {
    const winner = await records.get<GrantRecord>(record.key)
    if (!winner) throw refuse('conflict', 'The code is no longer good.')
    // Redeemed by somebody else, or only sealed anew.
    return redeem(dependencies, winner, authenticated)
  }
  const { client_id, subject, correlation, scopes } = redeemed
  emit({ type: 'grant.redeemed', grant: ref, client_id, subject, correlation })
  return tokenSet(dependencies, redeemed, {
    scopes,
    refresh_token: refreshable ? formatRefreshToken(ref, 0, secret) : undefined,
  })
}

/**
 * The caller has shown the right client, redirect and verifier, so this is either a retry of the honest client or
 * somebody who has everything (RFC 6749 4.1.2). Close to the redemption nothing is decided.
 */
async function refuseReplay(
  dependencies: RedemptionDependencies,
  grant: Readonly<GrantRecord>,
): Promise<never> {
  const { clock, emit, end } = dependencies
  const ref = grantRef(grant)
  const since = unixTime(clock) - (grant.code.redeemed_at ?? 0)
  emit({ type: 'code.refused', reason: 'replayed', grant: ref, correlation: grant.correlation })
  if (since > replayMargin) await end(ref, 'code_replayed')
  throw deadCode('The code was used already.')
}

/** An event has told why. */
function deadCode(description: string): OAuthError {
  return new OAuthError('invalid_grant', description, { reported: true })
}
