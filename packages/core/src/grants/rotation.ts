import { type Clock, unixTime } from '../clock.ts'
import type { KeyRing } from '../crypto/key-ring.ts'
import type { AuthenticatedClient, LoadedRefreshToken, TokenSet } from '../engine.ts'
import { OAuthError, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import {
  connectionExpiry,
  type GrantRecord,
  type GrantRefresh,
  grantExpiry,
  grantKey,
  grantRef,
} from '../records/grant.ts'
import { clockSkew, type Records, type Versioned } from '../records/records.ts'
import type { AccessTokens } from './access-token.ts'
import type { EndGrant } from './ending.ts'
import type { RecheckIdentity } from './identity-recheck.ts'
import { extended, nextSecret, replacedAt, walk } from './successor-chain.ts'
import { formatRefreshToken, parseRefreshToken } from './token-format.ts'
import { tokenSet } from './token-set.ts'

/**
 * Refresh tokens whose successors are derived and not stored: `secret(g+1) = HMAC(K, secret(g))`. Whoever holds a
 * genuine token of the last few generations leads us to the current one, so that parallel refreshes, crashes and
 * lost answers all end at the same successor.
 */
export interface RotationDependencies {
  records: Records
  connections: Connections
  accessTokens: AccessTokens
  ring: KeyRing
  clock: Clock
  emit: Emit
  end: EndGrant
  recheck: RecheckIdentity
  accessTokenLifetime: number
  /** Seconds a rotated token answers with the current one. */
  refreshWindow: number
  /** The same, in seconds, while its successor was never presented. */
  lostResponse: number
  touchClient(client: AuthenticatedClient['client'], until: number): Promise<void>
  /** Refreshes the provider's tokens too, when the operator wants that. */
  renewUpstream?(grant: Readonly<GrantRecord>): void
}

const contendedAttempts = 8

export function refreshTokenLoader(
  dependencies: RotationDependencies,
): (refresh_token: string) => Promise<LoadedRefreshToken | undefined> {
  const { records, emit, end } = dependencies
  return async (refresh_token) => {
    const presented = parseRefreshToken(refresh_token)
    if (!presented) return undefined
    const record = await records.get<GrantRecord>(grantKey(presented.grant))
    if (!record?.value.refresh) return undefined
    const { client_id, client_auth, resource, scopes, correlation } = record.value
    return {
      client_id,
      client_auth,
      resource,
      scopes,
      grant: presented.grant,
      correlation,
      exchange: (client, request) => exchange(dependencies, presented, record, client, request.scopes),
      async revoke() {
        const { grant } = presented
        if (await currentSecret(dependencies, presented, record.value.refresh)) await end(grant, 'revoked')
        else emit({ type: 'revocation.ignored', client_id, reason: 'forged', grant, correlation })
      },
    }
  }
}

type Presented = NonNullable<ReturnType<typeof parseRefreshToken>>

async function exchange(
  dependencies: RotationDependencies,
  presented: Presented,
  loaded: Versioned<GrantRecord>,
  { client }: AuthenticatedClient,
  scopes: readonly string[],
): Promise<TokenSet> {
  const { records, clock, emit, end } = dependencies
  let record: Versioned<GrantRecord> | undefined = loaded
  for (let attempt = 0; attempt < contendedAttempts; attempt++) {
    if (!record?.value.refresh) {
      const { correlation } = loaded.value
      emit({ type: 'refresh.refused', reason: 'ended', grant: presented.grant, correlation })
      throw deadToken('The grant has ended.')
    }
    const grant: Readonly<GrantRecord> = record.value
    const { correlation } = grant
    const now = unixTime(clock)
    if (now >= grantExpiry(grant)) {
      emit({ type: 'refresh.refused', reason: 'expired', grant: presented.grant, correlation })
      throw deadToken('The grant has expired.')
    }
    const distance = record.value.refresh.generation - presented.generation
    const current = await currentSecret(dependencies, presented, record.value.refresh)
    if (current === undefined) {
      emit({ type: 'refresh.refused', reason: 'forged', grant: presented.grant, correlation })
      throw deadToken('The refresh token is not known.')
    }

    if (distance > 0) {
      const age = now - replacedAt(record.value.refresh, presented.generation)
      const lost = distance === 1 && age <= dependencies.lostResponse
      if (
        age <= dependencies.refreshWindow ||
        lost ||
        (distance > 1 && age <= dependencies.refreshWindow + clockSkew)
      ) {
        const type = age <= dependencies.refreshWindow || !lost ? 'refresh.replayed' : 'refresh.lost_response'
        emit({ type, grant: presented.grant, correlation })
        return answer(dependencies, grant, scopes, current)
      }
      if (distance === 1) {
        emit({ type: 'refresh.refused', reason: 'superseded', grant: presented.grant, correlation })
        throw deadToken('The refresh token was replaced.')
      }
      // Two parties hold the chain: the one that moved on, and the one that kept an old token (RFC 9700 4.14.2).
      emit({ type: 'refresh.refused', reason: 'reused', grant: presented.grant, correlation })
      await end(presented.grant, 'refresh_reused')
      throw deadToken('The refresh token was replaced and used again; the grant has ended.')
    }

    if (await dependencies.recheck(grant)) {
      record = await records.get<GrantRecord>(record.key)
      continue
    }
    const rotated = await rotate(dependencies, grant, record.value.refresh, presented.secret)
    const [version] = await Promise.all([
      records.put(record.key, rotated.grant, {
        ifVersion: record.version,
        expiresAt: grantExpiry(rotated.grant),
      }),
      dependencies.touchClient(client, grantExpiry(rotated.grant)),
    ])
    if (version !== undefined) {
      dependencies.renewUpstream?.(rotated.grant)
      emit({ type: 'refresh.rotated', grant: presented.grant, correlation })
      return answer(dependencies, rotated.grant, scopes, rotated.secret)
    }
    record = await records.get<GrantRecord>(record.key)
  }
  throw new Unavailable('storage: too many writers on one grant')
}

async function rotate(
  dependencies: RotationDependencies,
  grant: Readonly<GrantRecord>,
  refresh: GrantRefresh,
  secret: string,
): Promise<{ grant: GrantRecord; secret: string }> {
  const { ring, clock, connections } = dependencies
  const next = await nextSecret(ring, secret)
  const now = unixTime(clock)
  const rotated: GrantRecord = {
    ...grant,
    used_at: now,
    refresh: await extended(refresh, { ...next, at: now }),
  }
  const needed = grantExpiry(rotated)
  if (grant.connection === undefined || (grant.connection_expires_at ?? 0) >= needed)
    return { grant: rotated, secret: next.secret }
  const until = connectionExpiry(rotated)
  await connections.extend(grant.owner, grant.connection, until)
  return { grant: { ...rotated, connection_expires_at: until }, secret: next.secret }
}

/** The newest secret, for whoever presents a genuine one. `undefined`: it never was a token of this grant. */
async function currentSecret(
  dependencies: RotationDependencies,
  presented: Presented,
  refresh: GrantRefresh | undefined,
): Promise<string | undefined> {
  if (!refresh) return undefined
  const found = await walk(dependencies.ring, refresh, presented)
  if (found.outcome === 'current') return found.secret
  if (found.outcome === 'missing' && isForgivable(dependencies, replacedAt(refresh, found.generation - 1))) {
    dependencies.emit({ type: 'keys.unknown_secret', key_id: found.key_id })
    throw new Unavailable(`secret: ${found.key_id}, which made this refresh token, is not configured`)
  }
  return undefined
}

/** The ids of the secrets that a replaced token of this grant may still need to be answered. */
export type SecretsInUse = (grant: Readonly<GrantRecord>) => readonly string[]

export function secretsInUse(times: ForgivenessTimes): SecretsInUse {
  return ({ refresh }) =>
    (refresh?.rotations ?? []).filter(({ at }) => isForgivable(times, at)).map(({ key_id }) => key_id)
}

type ForgivenessTimes = Pick<RotationDependencies, 'clock' | 'refreshWindow' | 'lostResponse'>

/** Whether a token replaced then could still be answered; a removed secret must not cost its holder the session. */
function isForgivable({ clock, refreshWindow, lostResponse }: ForgivenessTimes, at: number): boolean {
  return unixTime(clock) - at <= Math.max(refreshWindow + clockSkew, lostResponse)
}

function answer(
  dependencies: RotationDependencies,
  grant: Readonly<GrantRecord>,
  scopes: readonly string[],
  secret: string,
): Promise<TokenSet> {
  const refresh_token = formatRefreshToken(grantRef(grant), grant.refresh?.generation ?? 0, secret)
  return tokenSet(dependencies, grant, { scopes, refresh_token })
}

/** An event has told why. */
function deadToken(description: string): OAuthError {
  return new OAuthError('invalid_grant', description, { reported: true })
}
