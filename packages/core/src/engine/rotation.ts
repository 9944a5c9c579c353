import { unixTime } from '../clock.ts'
import { Unavailable } from '../errors.ts'
import type { DrawbridgeEvents } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import { OAuthError } from '../oauth-error.ts'
import {
  connectionExpiry,
  type GrantRecord,
  type GrantRefresh,
  grantExpiry,
  grantKeptUntil,
} from '../records/grant.ts'
import { replace, type Versioned } from '../records/records.ts'
import { doubtGrant } from './doubt.ts'
import type { AuthenticatedClient, LoadedRefreshToken, Refused, TokenSet } from './engine.ts'
import type { RecheckIdentity } from './identity-recheck.ts'
import type { GrantDependencies } from './redemption.ts'
import { adopted, judge, mustHold, noted, type RefreshPolicy, rotated } from './refresh-history.ts'
import { isGenuine } from './refresh-secret.ts'
import { parseRefreshToken, type RefreshToken } from './token-format.ts'
import { tokenSet } from './token-set.ts'

/**
 * The rotation of refresh tokens (RFC 9700 4.14.2). Parallel refreshes, crashes and lost answers all end at the same
 * successor; two holders of one grant are told from them by time.
 */
export interface RotationDependencies extends GrantDependencies {
  connections: Connections
  recheck: RecheckIdentity
  policy: RefreshPolicy
  /** Refreshes the provider's tokens too, when the operator wants that. */
  renewUpstream?(grant: Readonly<GrantRecord>): void
}

const contendedAttempts = 8

/** Verdicts that are no answer. */
const dead: readonly string[] = ['superseded', 'streak', 'reused']

export function refreshTokenLoader(
  dependencies: RotationDependencies,
): (refresh_token: string) => Promise<LoadedRefreshToken | Refused<'unknown' | 'forged'> | undefined> {
  const { loadGrant, clock, end, policy } = dependencies
  return async (refresh_token) => {
    const presented = parseRefreshToken(refresh_token)
    if (!presented) return undefined
    const { grant } = presented
    const record = await loadGrant(grant)
    if (!record?.value.refresh) return { refused: 'unknown', grant }
    const { client_id, client_auth, subject, resource, scopes, refresh, correlation } = record.value
    if (!isGenuine(refresh, presented)) return { refused: 'forged', grant, correlation }
    return {
      client_id,
      client_auth,
      subject,
      resource,
      scopes,
      expires_at: grantExpiry(record.value),
      grant,
      correlation,
      refresh: (client, request) => refreshed(dependencies, presented, record, client, request.scopes),
      isActive: () => {
        const now = unixTime(clock)
        const { kind } = judge(refresh, presented.generation, policy, now)
        return now < grantExpiry(record.value) && !dead.includes(kind)
      },
      revoke: () => end(grant, 'revoked'),
    }
  }
}

type RefreshRefusal = DrawbridgeEvents['refresh.refused']['reason']

async function refreshed(
  dependencies: RotationDependencies,
  presented: RefreshToken,
  loaded: Versioned<GrantRecord>,
  client: AuthenticatedClient,
  scopes: readonly string[],
): Promise<TokenSet> {
  const { records, clock, emit, end, policy } = dependencies
  const { correlation } = loaded.value
  const refuse = (reason: RefreshRefusal, description: string) =>
    new OAuthError('invalid_grant', description, {
      event: { type: 'refresh.refused', reason, grant: presented.grant, correlation },
    })
  let record: Versioned<GrantRecord> | undefined = loaded
  for (let attempt = 0; attempt < contendedAttempts; attempt++) {
    const refresh = record?.value.refresh
    if (!record || !refresh) throw refuse('ended', 'The grant has ended.')
    const grant: Readonly<GrantRecord> = record.value
    const now = unixTime(clock)
    if (now >= grantExpiry(grant)) {
      if (grant.doubt?.until !== undefined) await end(presented.grant, 'doubtful')
      throw refuse('expired', 'The grant has expired.')
    }
    const verdict = judge(refresh, presented.generation, policy, now)
    switch (verdict.kind) {
      case 'replayed':
        emit({ type: 'refresh.replayed', grant: presented.grant, correlation })
        return tokenSet(dependencies, grant, { scopes, r: presented.r })
      case 'late':
        if (
          verdict.noted ||
          (await write(dependencies, record, { ...grant, refresh: noted(refresh, now) }))
        ) {
          emit({ type: 'refresh.lost_response', grant: presented.grant, correlation })
          return tokenSet(dependencies, grant, { scopes, r: presented.r })
        }
        break
      case 'superseded':
      case 'streak':
        if (await doubtGrant(dependencies, record, verdict.kind, now)) {
          throw refuse(verdict.kind, 'The refresh token was replaced.')
        }
        break
      case 'reused': {
        // Two parties hold tokens of this grant: the one that moved on, and the one that kept an old one.
        await end(presented.grant, 'refresh_reused')
        throw refuse('reused', 'The refresh token was replaced and used again.')
      }
      case 'current':
      case 'ahead': {
        if (await dependencies.recheck(grant)) break
        const tokens = await moveOn(dependencies, presented, record, refresh, client, scopes)
        if (tokens) return tokens
      }
    }
    record = await records.get<GrantRecord>(record.key)
  }
  throw new Unavailable('storage: too many writers on one grant')
}

/** Replaces the newest token, or answers it again while it may not be replaced. `undefined`: somebody else was first. */
async function moveOn(
  dependencies: RotationDependencies,
  presented: RefreshToken,
  record: Versioned<GrantRecord>,
  stored: GrantRefresh,
  { client, method }: AuthenticatedClient,
  scopes: readonly string[],
): Promise<TokenSet | undefined> {
  const { clock, emit, touchClient, renewUpstream } = dependencies
  const { grant: ref, generation, r } = presented
  const { correlation } = record.value
  const now = unixTime(clock)
  const lost = generation - stored.generation
  const refresh = lost > 0 ? adopted(stored, generation, now) : stored
  // Unused for so long a grant would be over: whoever is answered must be seen to be there.
  const rotateEvery = Math.min(dependencies.policy.rotateEvery, record.value.idle / 4)
  const hold = mustHold(refresh, { ...dependencies.policy, rotateEvery }, now)
  const tellAdoption = () => {
    if (lost > 0) emit({ type: 'refresh.adopted', grant: ref, generations: lost, correlation })
  }
  if (hold) {
    const isIdle = now - record.value.used_at >= record.value.idle / 4
    const adopting: GrantRecord = { ...record.value, refresh }
    const held = isIdle ? await withConnection(dependencies, { ...adopting, used_at: now }) : adopting
    if ((lost > 0 || isIdle) && !(await write(dependencies, record, held))) return undefined
    tellAdoption()
    emit({ type: 'refresh.replayed', grant: ref, correlation })
    return tokenSet(dependencies, held, { scopes, r })
  }
  const next = rotated(refresh, now)
  const successor = await withConnection(dependencies, {
    ...record.value,
    client_auth: method,
    used_at: now,
    refresh: next,
  })
  const [isWritten] = await Promise.all([
    write(dependencies, record, successor),
    touchClient(client, grantExpiry(successor)),
  ])
  if (!isWritten) return undefined
  renewUpstream?.(successor)
  tellAdoption()
  emit({ type: 'refresh.rotated', grant: ref, correlation })
  return tokenSet(dependencies, successor, { scopes, r })
}

async function write(
  { records }: RotationDependencies,
  record: Versioned<GrantRecord>,
  grant: GrantRecord,
): Promise<boolean> {
  return (await replace(records, record, grant, grantKeptUntil(grant))) !== undefined
}

/** The connection is kept for at least as long as the grant. */
async function withConnection(
  { connections }: RotationDependencies,
  grant: GrantRecord,
): Promise<GrantRecord> {
  if (grant.connection === undefined || (grant.connection_expires_at ?? 0) >= grantExpiry(grant)) return grant
  const until = connectionExpiry(grant)
  await connections.extend(grant.owner, grant.connection, until)
  return { ...grant, connection_expires_at: until }
}
