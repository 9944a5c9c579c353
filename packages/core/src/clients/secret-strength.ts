import { estimatedBytes, repeatsItself } from '../crypto/key-ring.ts'
import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'

/** Characters. */
const shortestSecret = 32

/**
 * What clients send as a secret is guessed at from outside: 128 random bits, in whatever spelling, and never a word.
 *
 * @param option its name, for the message, which says nothing of the secret
 * @throws {ConfigurationError} naming what it lacks
 */
export function checkSecret(option: string, secret: unknown): asserts secret is string {
  const mistake = (got: string) =>
    new ConfigurationError(option, got, 'Use the output of `openssl rand -base64 32`.')
  if (typeof secret !== 'string') throw mistake(`is ${inWords(secret)}`)
  if (secret.length < shortestSecret) {
    throw mistake(`has ${secret.length} characters, of ${shortestSecret} at least`)
  }
  if (estimatedBytes(secret) < 16 || repeatsItself(secret)) throw mistake('repeats few characters')
}
