import { hmac, importHmacKeyText } from '../crypto/hash.ts'
import type { ServerKeys } from '../records/server-keys.ts'

/**
 * Who owns the records of a user, without saying who that is: the subject under a pepper that only this deployment
 * knows. The same on every instance, and for ever.
 */
export type OwnerOf = (subject: string) => Promise<string>

export function ownerOf(keys: ServerKeys): OwnerOf {
  let pepper: Promise<CryptoKey> | undefined
  return async (subject) => {
    pepper ??= keys.pepper().then(importHmacKeyText)
    try {
      return (await hmac(await pepper, subject)).slice(0, 32)
    } catch (error) {
      pepper = undefined
      throw error
    }
  }
}
