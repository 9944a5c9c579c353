import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey as JoseKey,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'

export type SigningAlgorithm = 'ES256' | 'EdDSA' | 'RS256'

/** A key that verifies, and signs when its private half is there. */
export interface SigningKey {
  kid: string
  alg: SigningAlgorithm
  jwk: JWK
}

// Only these are ever read of a JWK: what else an operator's tool writes into it is none of ours to publish, and
// `key_ops` of a private key would forbid its public half to verify.
const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const

/** A new key pair; its `kid` is the RFC 7638 thumbprint. */
export async function generateSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { kid: await calculateJwkThumbprint(jwk), alg, jwk }
}

/** What `/jwks` publishes of a key: never its private members. */
export function publicJwk(key: SigningKey): JWK {
  return { ...picked(key.jwk, publicMembers), kid: key.kid, alg: key.alg, use: 'sig' }
}

/** Whether two are the same key, whatever they are called. */
export function isSameKey(a: SigningKey, b: SigningKey): boolean {
  return publicMembers.every((member) => a.jwk[member] === b.jwk[member])
}

export function canSign(key: SigningKey): boolean {
  return key.jwk.d !== undefined
}

const signing = new WeakMap<SigningKey, Promise<JoseKey>>()
const verifying = new WeakMap<SigningKey, Promise<JoseKey>>()

function imported(known: typeof signing, key: SigningKey, members: readonly (keyof JWK)[]): Promise<JoseKey> {
  const before = known.get(key)
  if (before) return before
  const importing = importJWK(picked(key.jwk, members), key.alg) as Promise<JoseKey>
  known.set(key, importing)
  return importing
}

function picked(jwk: JWK, members: readonly (keyof JWK)[]): JWK {
  return Object.fromEntries(
    members.flatMap((member) => (jwk[member] === undefined ? [] : [[member, jwk[member]]])),
  )
}

export async function signJwt(key: SigningKey, typ: string, payload: JWTPayload): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ })
    .sign(await imported(signing, key, [...publicMembers, ...privateMembers]))
}

/**
 * Verifies with this one key, whose algorithm is ours to say, and not the token's. Throws when it does not hold. A token
 * that was good until its `exp` is `expired`: everything about it has been checked but the time.
 */
export async function verifyJwt(
  key: SigningKey,
  token: string,
  expected: { typ: string; issuer: string; now: Date },
): Promise<{ payload: JWTPayload; expired: boolean }> {
  const verification = jwtVerify(token, await imported(verifying, key, publicMembers), {
    algorithms: [key.alg],
    typ: expected.typ,
    issuer: expected.issuer,
    currentDate: expected.now,
    requiredClaims: ['exp', 'iat', 'sub', 'aud', 'jti'],
  })
  return verification.then(
    ({ payload }) => ({ payload, expired: false }),
    (error: unknown) => {
      // Thrown last of all, after the signature and the other claims.
      if (error instanceof errors.JWTExpired) return { payload: error.payload, expired: true }
      throw error
    },
  )
}

/** Reads a token's `kid` and `iss` without believing them; `undefined` when it is not a JWT. */
export function peekJwt(token: string): { kid: string | undefined; iss: string | undefined } | undefined {
  // API keys of ours and most opaque tokens have no dot; nothing is thrown on the way of a good one.
  if (!token.includes('.')) return undefined
  try {
    return { kid: decodeProtectedHeader(token).kid, iss: decodeJwt(token).iss }
  } catch {
    return undefined
  }
}
