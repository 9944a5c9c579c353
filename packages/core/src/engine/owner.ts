import { hmac } from '../crypto/hash.ts'
import type { ServerKeys } from '../records/server-keys.ts'

/**
 * Who owns the records of a user, without saying who that is: the subject under a pepper that only this deployment
 * knows. The same on every instance, and for ever.
 */
export type OwnerOf = (subject: string) => Promise<string>

export function ownerOf(keys: Pick<ServerKeys, 'pepper'>): OwnerOf {
  return async (subject) => hmac(await keys.pepper(), subject).slice(0, 32)
}
