import { type Clock, unixTime } from '../clock.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { type RandomBytes, randomText } from '../crypto/random.ts'
import type { DrawbridgeEvents, Emit } from '../events.ts'
import { OAuthError } from '../oauth-error.ts'
import { type GrantRecord, grantExpiry, grantKeptUntil, grantRef } from '../records/grant.ts'
import { clockSkew, type Records, replace, type Versioned } from '../records/records.ts'
import type { AccessTokens } from './access-token.ts'
import { doubtGrant } from './doubt.ts'
import type { EndGrant } from './ending.ts'
import type { AuthenticatedClient, LoadedCode, Refused, TokenSet } from './engine.ts'
import type { LoadGrant } from './grant-loading.ts'
import { newRefresh } from './refresh-secret.ts'
import { parseCode } from './token-format.ts'
import { tokenSet } from './token-set.ts'

/** Seconds after its redemption within which a repeated code may be a retry: a minute, whichever clocks take part. */
const replayMargin = 60 + clockSkew

/** What both kinds of credentials become tokens with. */
export interface GrantDependencies {
  records: Records
  loadGrant: LoadGrant
  accessTokens: AccessTokens
  clock: Clock
  emit: Emit
  end: EndGrant
  /** Seconds. */
  accessTokenLifetime: number
  /** Renews the client's lifetime, until the grant's end (Unix seconds) at least; runs beside the other writes. */
  touchClient(client: AuthenticatedClient['client'], until: number): Promise<void>
}

type RedemptionDependencies = GrantDependencies & { random: RandomBytes }

/** Finds the grant a code leads to. Unknown: there is none, or the code's secret is not its own. */
export function codeLoader(
  dependencies: RedemptionDependencies,
): (code: string) => Promise<LoadedCode | Refused<'unknown'> | undefined> {
  const { loadGrant } = dependencies
  return async (code) => {
    const parsed = parseCode(code)
    if (!parsed) return undefined
    const record = await loadGrant(parsed.grant)
    if (!record || !constantTimeEqual(sha256(parsed.secret), record.value.code.hash)) {
      return { refused: 'unknown', grant: parsed.grant }
    }
    const { client_id, subject, redirect_uri, resource, scopes, code: pending } = record.value
    return {
      client_id,
      subject,
      scopes,
      expires_at: pending.expires_at,
      redirect_uri,
      redirect_uri_named: pending.redirect_uri_named ?? false,
      resource,
      grant: parsed.grant,
      correlation: record.value.correlation,
      code_challenge: pending.code_challenge,
      client_auth_methods: pending.client_auth_methods,
      redeemed: pending.redeemed_at !== undefined,
      redeem: (client, { scopes: issued }) => redeem(dependencies, record, client, issued),
    }
  }
}

async function redeem(
  dependencies: RedemptionDependencies,
  record: Versioned<GrantRecord>,
  authenticated: AuthenticatedClient,
  scopes: readonly string[],
  attempt: Attempt = newAttempt(dependencies.random),
): Promise<TokenSet> {
  const { records, clock } = dependencies
  const { client, method } = authenticated
  const unredeemed = record.value
  const now = unixTime(clock)
  // Its own write, whose reply was lost, and to which somebody has added since.
  if (unredeemed.code.redeemed_by === attempt.id) return answer(dependencies, unredeemed, attempt, scopes)
  if (unredeemed.code.redeemed_at !== undefined)
    return refuseReplay(dependencies, record, authenticated, scopes, attempt)
  if (now >= unredeemed.code.expires_at) throw deadCode(unredeemed, 'expired', 'The code has expired.')

  const refreshable = client.grant_types.includes('refresh_token')
  const redeemed: GrantRecord = {
    ...unredeemed,
    client_auth: method,
    used_at: now,
    idle: refreshable ? unredeemed.idle : dependencies.accessTokenLifetime + clockSkew,
    code: { ...unredeemed.code, redeemed_at: now, redeemed_by: attempt.id },
    ...(refreshable && { refresh: attempt.refresh }),
  }
  const [written] = await Promise.all([
    replace(records, record, redeemed, grantKeptUntil(redeemed)),
    dependencies.touchClient(client, grantExpiry(redeemed)),
  ])
  if (!written) {
    const winner = await records.get<GrantRecord>(record.key)
    if (!winner) throw deadCode(unredeemed, 'conflict', 'The code is no longer good.')
    // Redeemed by somebody else, or only sealed anew.
    return redeem(dependencies, winner, authenticated, scopes, attempt)
  }
  return answer(dependencies, redeemed, attempt, scopes)
}

/** What one request would make of the code. */
interface Attempt extends ReturnType<typeof newRefresh> {
  id: string
}

function newAttempt(random: RandomBytes): Attempt {
  return { id: randomText(9, random), ...newRefresh(random) }
}

function answer(
  dependencies: RedemptionDependencies,
  grant: Readonly<GrantRecord>,
  { r }: Attempt,
  scopes: readonly string[],
): Promise<TokenSet> {
  const { client_id, subject, correlation } = grant
  dependencies.emit({ type: 'grant.redeemed', grant: grantRef(grant), client_id, subject, correlation })
  return tokenSet(dependencies, grant, { scopes, r })
}

/**
 * The caller has shown the right client, redirect and verifier, so this is either a retry of the honest client or
 * somebody who has everything (RFC 6749 4.1.2). Close to the redemption nothing is ended yet, only doubted.
 */
async function refuseReplay(
  dependencies: RedemptionDependencies,
  record: Versioned<GrantRecord>,
  authenticated: AuthenticatedClient,
  scopes: readonly string[],
  attempt: Attempt,
): Promise<TokenSet> {
  const { records, clock, end } = dependencies
  const grant = record.value
  const now = unixTime(clock)
  const isRetry = now - (grant.code.redeemed_at ?? 0) <= replayMargin
  if (isRetry && !(await doubtGrant(dependencies, record, 'code_replayed', now))) {
    const current = await records.get<GrantRecord>(record.key)
    if (current) return redeem(dependencies, current, authenticated, scopes, attempt)
  }
  if (!isRetry) await end(grantRef(grant), 'code_replayed')
  throw deadCode(grant, 'replayed', 'The code was used already.')
}

function deadCode(
  grant: Readonly<GrantRecord>,
  reason: DrawbridgeEvents['code.refused']['reason'],
  description: string,
): OAuthError {
  const { correlation } = grant
  return new OAuthError('invalid_grant', description, {
    event: { type: 'code.refused', reason, grant: grantRef(grant), correlation },
  })
}
