import { base64url } from 'jose'
import { ConfigurationError } from '../errors.ts'
import { type SigningAlgorithm, type SigningKey, signJwt, verifyJwt } from './signing-keys.ts'

/** What a private JWK of each algorithm must have (RFC 7518 6, RFC 8037 2). */
const shapes: Readonly<Record<SigningAlgorithm, { kty: string; crv?: string; members: readonly string[] }>> =
  {
    ES256: { kty: 'EC', crv: 'P-256', members: ['x', 'y', 'd'] },
    EdDSA: { kty: 'OKP', crv: 'Ed25519', members: ['x', 'd'] },
    RS256: { kty: 'RSA', members: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] },
  }
/** RFC 7518 3.3 */
const minimumRsaBytes = 256

/** The operator's own signing keys, as far as they can be checked at construction. Throws {@link ConfigurationError}. */
export function suppliedKeys(jwks: readonly unknown[]): readonly SigningKey[] {
  const keys = jwks.map((jwk, index) => suppliedKey(jwk, option(index)))
  keys.forEach(({ kid }, index) => {
    const first = keys.findIndex((key) => key.kid === kid)
    if (first === index) return
    throw new ConfigurationError(
      option(index),
      `has the kid "${kid}", as keys[${first}] has`,
      'Give each key an id of its own.',
    )
  })
  return keys
}

/** Signs something and verifies it: halves that do not belong together look right until then. */
export async function proveUsable(keys: readonly SigningKey[], now: Date): Promise<void> {
  const seconds = Math.floor(now.getTime() / 1000)
  const claims = { iss: 'us', sub: 'us', aud: 'us', jti: 'none', iat: seconds, exp: seconds + 60 }
  for (const [index, key] of keys.entries()) {
    try {
      await verifyJwt(key, await signJwt(key, 'proof', claims), { typ: 'proof', issuer: 'us', now })
    } catch (cause) {
      throw new ConfigurationError(
        option(index),
        `cannot be used: ${cause instanceof Error ? cause.message : 'it does not verify what it signed'}`,
        'Pass a private JWK just as it was generated.',
      )
    }
  }
}

function option(index: number): string {
  return `signingKeys.keys[${index}]`
}

function suppliedKey(given: unknown, name: string): SigningKey {
  const wrong = (got: string, fix: string) => new ConfigurationError(name, got, fix)
  if (typeof given !== 'object' || given === null) {
    throw wrong(
      `is ${given === null ? 'null' : `a ${typeof given}`}`,
      'Pass an object: a JWK as jose exports it, or JSON.parse of one.',
    )
  }
  const jwk = given as Readonly<Record<string, unknown>>
  const { alg, kid } = jwk
  if (alg !== 'ES256' && alg !== 'EdDSA' && alg !== 'RS256') {
    throw wrong(`has the alg ${JSON.stringify(alg)}`, 'Use ES256, EdDSA or RS256.')
  }
  if (typeof jwk.d !== 'string') {
    throw wrong('is no private key', 'Pass the private JWK; only its public half is published.')
  }
  if (typeof kid !== 'string' || kid === '') {
    throw wrong('has no kid', 'Give each key an id of its own; verifiers find it by that.')
  }
  const { kty, crv, members } = shapes[alg]
  if (jwk.kty !== kty || jwk.crv !== crv) {
    throw wrong(
      `has the kty ${JSON.stringify(jwk.kty)} and the crv ${JSON.stringify(jwk.crv)}`,
      `A key for ${alg} has ${crv === undefined ? `the kty "${kty}"` : `the kty "${kty}" and the crv "${crv}"`}.`,
    )
  }
  const malformed = members.find((member) => !isBase64url(jwk[member]))
  if (malformed !== undefined) {
    throw wrong(
      jwk[malformed] === undefined ? `has no "${malformed}"` : `has a "${malformed}" that is not base64url`,
      'Pass the private JWK just as it was generated.',
    )
  }
  if (alg === 'RS256' && base64url.decode(String(jwk.n)).length < minimumRsaBytes) {
    throw wrong('is an RSA key of less than 2048 bits', 'Use one of 2048 or more.')
  }
  return { kid, alg, jwk }
}

function isBase64url(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value)
}
