import { checkSecret } from '../clients/secret-strength.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import type { Settings } from '../endpoints/server.ts'
import { ConfigurationError, Unavailable } from '../errors.ts'
import { inWords } from '../known-options.ts'
import type { RegistrationOptions } from './options.ts'

type Admission = Pick<Settings['registration'], 'allow' | 'initialAccessToken'>

/**
 * Whom the operator lets register, as the endpoint asks it. What the operator's own functions throw, or answer beyond what
 * they may, is an outage: it lets nobody in and turns nobody away. Throws {@link ConfigurationError}.
 */
export function registrationAdmission(options: RegistrationOptions): Admission {
  const { allow } = options
  return {
    allow:
      allow &&
      (async (client, sender) => {
        const answer = await answerOf('registration.allow', () => allow(client, sender))
        if (typeof answer === 'boolean' || (typeof answer === 'string' && answer !== '')) return answer
        throw nonsense('registration.allow', answer === '' ? 'an empty text' : inWords(answer))
      }),
    initialAccessToken: tokenCheck(options),
  }
}

function tokenCheck(options: RegistrationOptions): Admission['initialAccessToken'] {
  const option = 'registration.initialAccessToken'
  const { initialAccessToken: given } = options
  if (given === undefined) {
    if (!Object.hasOwn(options, 'initialAccessToken')) return undefined
    // Most likely an unset variable: it must not quietly let everybody register.
    throw new ConfigurationError(option, 'is undefined', 'Set it, or leave the option out.')
  }
  if (typeof given === 'function') {
    return async (token) => {
      const answer = await answerOf(option, () => given(token))
      if (typeof answer === 'boolean') return answer
      throw nonsense(option, inWords(answer))
    }
  }
  const tokens: readonly unknown[] = [given].flat()
  if (tokens.length === 0) {
    const fix = 'Leave it out, or pass `enabled: false` if nobody shall register.'
    throw new ConfigurationError(option, 'is an empty list', fix)
  }
  const hashes = tokens.map((token) => {
    checkSecret(option, token)
    // A bearer token is sent as it is (RFC 6750 2.1).
    if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return sha256(token)
    const fix = 'Use the output of `openssl rand -base64 32`.'
    throw new ConfigurationError(option, 'has characters that no bearer token may have', fix)
  })
  return async (token) => {
    const presented = sha256(token)
    return hashes.filter((hash) => constantTimeEqual(presented, hash)).length > 0
  }
}

async function answerOf(option: string, ask: () => unknown): Promise<unknown> {
  try {
    return await ask()
  } catch (cause) {
    throw new Unavailable(`${option} failed`, { cause })
  }
}

function nonsense(option: string, answer: string): Unavailable {
  return new Unavailable(`${option} answered with ${answer}`)
}
