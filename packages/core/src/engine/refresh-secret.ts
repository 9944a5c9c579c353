import { constantTimeEqual, hmac, sha256 } from '../crypto/hash.ts'
import { type RandomBytes, randomText } from '../crypto/random.ts'
import type { GrantRefresh } from '../records/grant.ts'
import type { RefreshToken } from './token-format.ts'

/**
 * Refresh secrets are derived and not stored: `secret(g) = HMAC(seed, r | g)`. Whoever has the record lacks `r`, whoever
 * has a token lacks `seed`, and any token is known for genuine in one step, however old.
 */

/** What a grant begins with, and the `r` of its refresh tokens. */
export function newRefresh(random: RandomBytes): { refresh: GrantRefresh; r: string } {
  const r = randomText(16, random)
  return { r, refresh: { seed: randomText(32, random), r_hash: sha256(r), generation: 0, replaced_at: [] } }
}

export function refreshSecret(seed: string, r: string, generation: number): string {
  return hmac(seed, `${r}|${generation}`)
}

/** Whether a token was issued for this grant, at any time. */
export function isGenuine(refresh: GrantRefresh, { r, generation, secret }: RefreshToken): boolean {
  const ofGrant = constantTimeEqual(sha256(r), refresh.r_hash)
  return constantTimeEqual(secret, refreshSecret(refresh.seed, r, generation)) && ofGrant
}
