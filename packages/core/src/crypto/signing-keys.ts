import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
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

/** A signing key as it lies, sealed, in the server-keys record. */
export interface SigningKey {
  kid: string
  alg: SigningAlgorithm
  private_jwk: JWK
}

/** A new key pair; its `kid` is the RFC 7638 thumbprint. */
export async function generateSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const private_jwk = await exportJWK(privateKey)
  return { kid: await calculateJwkThumbprint(private_jwk), alg, private_jwk }
}

/** What `/jwks` publishes of a key: never its private members. */
export function publicJwk(key: SigningKey): JWK {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, oth: _oth, ...rest } = key.private_jwk
  return { ...rest, kid: key.kid, alg: key.alg, use: 'sig' }
}

const imported = new WeakMap<SigningKey, { private: Promise<JoseKey>; public: Promise<JoseKey> }>()

function keysOf(key: SigningKey): { private: Promise<JoseKey>; public: Promise<JoseKey> } {
  const known = imported.get(key)
  if (known) return known
  const pair = {
    private: importJWK(key.private_jwk, key.alg) as Promise<JoseKey>,
    public: importJWK(publicJwk(key), key.alg) as Promise<JoseKey>,
  }
  imported.set(key, pair)
  return pair
}

export async function signJwt(key: SigningKey, typ: string, payload: JWTPayload): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ })
    .sign(await keysOf(key).private)
}

/** Verifies with this one key, whose algorithm is ours to say, and not the token's. Throws when it does not hold. */
export async function verifyJwt(
  key: SigningKey,
  token: string,
  expected: { typ: string; issuer: string; now: Date },
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, await keysOf(key).public, {
    algorithms: [key.alg],
    typ: expected.typ,
    issuer: expected.issuer,
    currentDate: expected.now,
    requiredClaims: ['exp', 'iat', 'sub', 'aud', 'jti'],
  })
  return payload
}

/** Reads a token's `kid` and `iss` without believing them; `undefined` when it is not a JWT. */
export function peekJwt(token: string): { kid: string | undefined; iss: string | undefined } | undefined {
  try {
    return { kid: decodeProtectedHeader(token).kid, iss: decodeJwt(token).iss }
  } catch {
    return undefined
  }
}
