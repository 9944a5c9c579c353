import { ConfigurationError } from '@drawbridge/core/provider'

/** Signatures (RFC 7518 3.1, RFC 8037, RFC 9864). */
export type AsymmetricAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** Message authentication with a shared secret (RFC 7518 3.2). */
export type SymmetricAlgorithm = 'HS256' | 'HS384' | 'HS512'

export type JwtAlgorithm = AsymmetricAlgorithm | SymmetricAlgorithm

const asymmetric: readonly AsymmetricAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
/** The secret must be as long as the hash (RFC 7518 3.2). */
const secretBytes: Readonly<Record<SymmetricAlgorithm, number>> = { HS256: 32, HS384: 48, HS512: 64 }

/**
 * The algorithms a verifier takes. They come from the configuration alone: a token that could choose would choose
 * `none`, or sign with the public key as an HMAC secret (RFC 8725 2.1).
 */
export function pinnedAlgorithms(
  given: readonly JwtAlgorithm[] | undefined,
  secret: Uint8Array | undefined,
): readonly JwtAlgorithm[] {
  const algorithms: readonly JwtAlgorithm[] =
    given ?? (secret ? ['HS256'] : ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
  const possible: readonly string[] = secret ? Object.keys(secretBytes) : asymmetric
  if (algorithms.length === 0)
    throw new ConfigurationError('algorithms', 'is an empty list', 'Leave it out, or name one.')
  for (const algorithm of algorithms) {
    if (!possible.includes(algorithm)) {
      throw new ConfigurationError(
        'algorithms',
        `"${algorithm}" cannot be verified with ${secret ? 'a secret' : 'a public key'}`,
        `Choose from ${possible.join(', ')}.`,
      )
    }
    const needed = secretBytes[algorithm as SymmetricAlgorithm]
    if (secret && secret.byteLength < needed) {
      throw new ConfigurationError(
        'secret',
        `is ${secret.byteLength} bytes long`,
        `${algorithm} needs at least ${needed} random ones.`,
      )
    }
  }
  return algorithms
}
