import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  type CryptoKey as JoseKey,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import { printable } from '../syntax/printable.ts'
import type { PublicKey } from './public-keys.ts'

/** What clients may sign their assertions with (RFC 7518 3.1, RFC 8037). */
export const assertionAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const

/** Seconds that the clocks of a client and of ours may differ. */
const skew = 60
/** Seconds for which an assertion may be good: it is made for one request. */
const longestLifetime = 300
/** Seconds that the clock of a client may be ahead, with an assertion that is new by it. */
const furthestAhead = 600
const longestId = 256

/** A client's word for who it is, and until when (Unix seconds) it could be shown again. */
interface VerifiedAssertion {
  jti: string
  expires_at: number
}

/** Why it is not: `key`: no key of the client's verifies it, so that newer ones may. */
interface RefusedAssertion {
  refused: 'key' | 'claims'
  /** For the client's developer. */
  why: string
}

interface Expected {
  client_id: string
  keys: readonly PublicKey[]
  audiences: readonly string[]
  /** The one the client registered; left out: any of {@link assertionAlgorithms}. */
  algorithm?: string | undefined
  now: Date
}

/**
 * Checks a JWT by which a client authenticates (RFC 7523 3, OpenID Connect Core 9): signed with one of its keys, about
 * itself, for one of `audiences` alone, good for five minutes at most, and with an id by which it is known when it comes
 * again. Nothing of the token chooses how it is checked.
 */
export async function verifyAssertion(
  assertion: string,
  expected: Expected,
): Promise<VerifiedAssertion | RefusedAssertion> {
  const { client_id, audiences, now } = expected
  try {
    const { exp, iat, aud, jti } = await verified(assertion, expected)
    // A list could name us among others, each of whom could then show it to the next.
    if (typeof aud !== 'string' || !audiences.includes(aud)) {
      return claims(`aud must be ${audiences[0]} and nothing else`)
    }
    if (typeof jti !== 'string' || jti === '' || jti.length > longestId) {
      return claims(`jti must be text of at most ${longestId} characters`)
    }
    // Some clients write fractions of a second; stores count whole ones.
    const expires_at = Math.ceil(exp ?? 0) + skew
    // By its own clock, so that one that is ahead costs nobody; and not for ever by any.
    const at = now.getTime() / 1000
    const lifetime = (exp ?? 0) - (iat ?? at)
    if (lifetime > longestLifetime + skew || expires_at - at > longestLifetime + furthestAhead) {
      return claims(`it may be good for ${longestLifetime} seconds at most`)
    }
    return { jti, expires_at }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return claims('it has expired')
    if (error instanceof errors.JWTClaimValidationFailed) {
      // Also the URL of a document, which may hold what no description may.
      return claims(`${error.claim} is missing or wrong: iss and sub must both be ${printable(client_id)}`)
    }
    // Whatever else: it is no JWT, has another algorithm, or none of the keys fits.
    return { refused: 'key', why: 'no key of this client verifies it' }
  }
}

/** Who an assertion says it is from; nothing of it is proven. */
export function claimedClient(assertion: string): string | undefined {
  try {
    const sub: unknown = decodeJwt(assertion).sub
    return typeof sub === 'string' ? sub : undefined
  } catch {
    return undefined
  }
}

function claims(why: string): RefusedAssertion {
  return { refused: 'claims', why }
}

async function verified(
  assertion: string,
  { client_id, keys, algorithm, now }: Expected,
): Promise<JWTPayload> {
  const options = {
    algorithms: assertionAlgorithms.filter((one) => algorithm === undefined || one === algorithm),
    issuer: client_id,
    subject: client_id,
    clockTolerance: skew,
    currentDate: now,
    requiredClaims: ['exp', 'aud', 'jti'],
  }
  try {
    return (await jwtVerify(assertion, createLocalJWKSet({ keys: [...keys] }), options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    return withEach(assertion, error, options)
  }
}

/** The client names no key, or gives several the same name. */
async function withEach(
  assertion: string,
  candidates: AsyncIterable<JoseKey>,
  options: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload> {
  for await (const key of candidates) {
    try {
      return (await jwtVerify(assertion, key, options)).payload
    } catch (error) {
      // The signature was good. Anything else is this key's fault, and another may do.
      if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}
