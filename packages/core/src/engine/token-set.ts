import { type Clock, unixTime } from '../clock.ts'
import { type GrantRecord, type GrantRefresh, grantExpiry, grantRef } from '../records/grant.ts'
import { formatScope } from '../syntax/scopes.ts'
import type { AccessTokens } from './access-token.ts'
import type { TokenSet } from './engine.ts'
import { refreshSecret } from './refresh-secret.ts'
import { formatRefreshToken } from './token-format.ts'

/**
 * The token endpoint's answer (RFC 6749 5.1) for a grant as it now stands.
 *
 * @param r that of the grant's refresh tokens
 */
export async function tokenSet(
  dependencies: { accessTokens: AccessTokens; clock: Clock; accessTokenLifetime: number },
  grant: Readonly<GrantRecord>,
  { scopes, r }: { scopes: readonly string[]; r: string },
): Promise<TokenSet> {
  const { accessTokens, clock, accessTokenLifetime } = dependencies
  const now = unixTime(clock)
  const untilIdle = grant.used_at + grant.idle - now
  // A token never outlives the grant it stands on. Clients refresh when a token has ended and not before, so that it
  // must end well before the grant has lain unused for too long.
  const useful = grant.refresh ? Math.floor(untilIdle / 2) : untilIdle
  const expires_in = Math.max(1, Math.min(accessTokenLifetime, grantExpiry(grant) - now, useful))
  return {
    access_token: await accessTokens.issue(grant, { scopes, lifetime: expires_in }),
    token_type: 'Bearer',
    expires_in,
    scope: formatScope(scopes),
    ...(grant.refresh && { refresh_token: currentRefreshToken(grant, grant.refresh, r) }),
  }
}

function currentRefreshToken(
  grant: Readonly<GrantRecord>,
  { seed, generation }: GrantRefresh,
  r: string,
): string {
  const secret = refreshSecret(seed, r, generation)
  return formatRefreshToken({ grant: grantRef(grant), generation, r, secret })
}
