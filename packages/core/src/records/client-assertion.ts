import { sha256 } from '../crypto/hash.ts'
import { clockSkew, type Records } from './records.ts'

/**
 * Notes that a client's assertion was used, for as long as it is good: `assertion/<hash>`. Resolves to false when it was
 * before, whichever instance it was shown to (RFC 7523 3).
 *
 * @param jti unique among the assertions of one client
 * @param expires_at Unix seconds
 */
export async function noteAssertion(
  records: Records,
  client_id: string,
  jti: string,
  expires_at: number,
): Promise<boolean> {
  const key = `assertion/${sha256(JSON.stringify([client_id, jti]))}`
  const version = await records.put(key, {}, { ifVersion: null, expiresAt: expires_at + clockSkew })
  return version !== undefined
}
