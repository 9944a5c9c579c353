import { boundedCache } from '../bounded-cache.ts'
import { type Clock, systemClock } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { isNamed } from '../errors.ts'
import { upstreamCall } from '../identity/call.ts'
import type { AccessDenied, Call } from '../identity/provider.ts'
import type { OptionTable } from '../known-options.ts'
import type { Verification } from './verifier.ts'

/** Options of every verifier that asks a provider about each token. */
export interface AskedTokensOptions {
  /** Seconds a token is believed before it is asked about again; a revocation shows after this time at the latest. Default 300. */
  lifetime?: number | undefined
  /** How many tokens are remembered. Default 1000. */
  cacheSize?: number | undefined
  /** Seconds the provider may take for one answer. Default 10. */
  timeout?: number | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  clock?: Clock | undefined
}

/** For the table of a verifier that has them. */
export const askedTokensTable: OptionTable<AskedTokensOptions> = {
  lifetime: 'count',
  cacheSize: 'number',
  timeout: 'seconds',
  fetch: 'function',
  clock: 'clock',
}

/**
 * Checks opaque tokens by asking their provider, and remembers what is good: once for many requests at the same time, in
 * copies, and under a hash. `AccessDenied` refuses a token; any other error is an outage, and no verdict.
 *
 * @param ask `expiresAt` may be `Infinity`, where the provider does not say. It is asked again after `lifetime` anyway.
 * @example
 * ```ts
 * const check = askedTokens(options, async (token, call) => {
 *   const { status, body } = await callJson(call, url, { headers: { authorization: `Bearer ${token}` } })
 *   ...
 * })
 * ```
 */
export function askedTokens<User>(
  options: AskedTokensOptions,
  ask: (token: string, call: Call) => Promise<Verification<User>>,
): (token: string) => Promise<Verification<User>> {
  const { lifetime = 300, cacheSize = 1000, timeout = 10, clock = systemClock } = options
  const call = upstreamCall(options.fetch, clock, timeout * 1000)
  const remembered = boundedCache<{ until: number; verification: Promise<Verification<User>> }>(cacheSize)

  async function asked(token: string): Promise<Verification<User>> {
    try {
      return believedFor(lifetime, await ask(token, call), clock.now() / 1000)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'the provider cannot be asked'
      return { status: isNamed<AccessDenied>(error, 'AccessDenied') ? 'invalid' : 'unavailable', reason }
    }
  }

  return async (token) => {
    const now = clock.now() / 1000
    const key = sha256(token)
    const known = remembered.get(key)
    if (known && now < known.until) return structuredClone(await known.verification)

    const entry = { until: now + lifetime, verification: asked(token) }
    remembered.set(key, entry)
    const verification = await entry.verification
    if (verification.status === 'valid') entry.until = verification.token.expiresAt
    else if (remembered.get(key) === entry) remembered.delete(key)
    return structuredClone(verification)
  }
}

function believedFor<User>(
  lifetime: number,
  verification: Verification<User>,
  now: number,
): Verification<User> {
  if (verification.status !== 'valid') return verification
  const { token } = verification
  if (token.expiresAt <= now) return { status: 'invalid', reason: 'expired' }
  return {
    status: 'valid',
    token: { ...token, expiresAt: Math.min(Math.floor(now) + lifetime, token.expiresAt) },
  }
}
