import { hmac } from '../crypto/hash.ts'
import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'
import type { ServerKeys } from '../records/server-keys.ts'

/**
 * Who owns the records of a user, without saying who that is: the subject under a pepper that only this deployment
 * knows. The same on every instance, and for ever.
 */
export type OwnerOf = (subject: string) => Promise<string>

export function ownerOf(keys: Pick<ServerKeys, 'pepper'>): OwnerOf {
  return async (subject) => {
    checkSubject(subject)
    return hmac(await keys.pepper(), subject).slice(0, 32)
  }
}

/** A variable without a value must not pass for somebody who has nothing, least of all where everything of theirs is to end. */
function checkSubject(subject: unknown): void {
  if (typeof subject === 'string' && subject !== '') return
  throw new ConfigurationError(
    'subject',
    `is ${subject === '' ? 'empty' : inWords(subject)}`,
    'Pass what tools have as `auth.extra.subject`: `<provider id>|<sub>`.',
  )
}
