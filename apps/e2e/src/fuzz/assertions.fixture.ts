import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto'
import { issuer } from '../world.ts'

// Assertions (RFC 7523 3) that are made and read at once, so that a request stays something that can be built again, and
// by other code than what the server checks them with.

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** The issuer, the same URL as libraries write it, and the endpoint. */
export const audiences: readonly string[] = [issuer, `${issuer}/`, `${issuer}/token`]

/** A key that a client signs with, and its public half. */
export interface SigningKey {
  kid: string
  alg: 'ES256' | 'EdDSA'
  jwk: JsonWebKey & { kid: string; alg: string; use: string }
  privateKey: KeyObject
}

/** Of the client whose sign-in it is, of the one beside it, and one that nobody has published. */
export const signingKeys = {
  own: signingKey('own', 'ES256'),
  another: signingKey('another', 'EdDSA'),
  unknown: signingKey('unknown', 'ES256'),
}
export type KeyName = keyof typeof signingKeys

function signingKey(kid: string, alg: SigningKey['alg']): SigningKey {
  const { publicKey, privateKey } =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return { kid, alg, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }, privateKey }
}

type Claims = Record<string, unknown>

export function signed(header: Claims, claims: unknown, { alg, privateKey }: SigningKey): string {
  const input = `${encoded(header)}.${encoded(claims)}`
  return `${input}.${signature(alg, input, privateKey)}`
}

function signature(alg: SigningKey['alg'], input: string, key: KeyObject): string {
  const made =
    alg === 'ES256'
      ? sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      : sign(null, Buffer.from(input), key)
  return made.toString('base64url')
}

/** As an honest client makes it. */
export function assertion(key: SigningKey, client_id: string, now: number): string {
  const iat = Math.floor(now / 1000)
  const claims = { iss: client_id, sub: client_id, aud: issuer, iat, exp: iat + 300, jti: randomUUID() }
  return signed({ alg: key.alg, kid: key.kid }, claims, key)
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** What a JWT says, whoever made it. */
export function parts(jwt: string): { header: Claims; claims: Claims } | undefined {
  try {
    const [header = '', claims = ''] = jwt.split('.')
    const decoded = (part: string) => Object(JSON.parse(Buffer.from(part, 'base64url').toString())) as Claims
    return { header: decoded(header), claims: decoded(claims) }
  } catch {
    return undefined
  }
}

type AssertionChange = (given: { header: Claims; claims: Claims; key: SigningKey; used: string }) => string

const claiming =
  (change: (claims: Claims) => unknown): AssertionChange =>
  ({ header, claims, key }) =>
    signed(header, change(claims), key)
const heading =
  (change: (header: Claims) => Claims): AssertionChange =>
  ({ header, claims, key }) =>
    signed(change(header), claims, key)

const changes = {
  'used before': ({ used }) => used,
  'used before, signed anew': ({ header, key, used }) => signed(header, parts(used)?.claims ?? {}, key),
  'for somebody else': claiming((claims) => ({ ...claims, aud: 'https://other.test' })),
  'for a list': claiming((claims) => ({ ...claims, aud: [issuer, 'https://other.test'] })),
  'for a list of us': claiming((claims) => ({ ...claims, aud: [issuer] })),
  'for nobody': claiming(({ aud: _, ...claims }) => claims),
  'for the token endpoint': claiming((claims) => ({ ...claims, aud: `${issuer}/token` })),
  'for the issuer with a slash': claiming((claims) => ({ ...claims, aud: `${issuer}/` })),
  'good for long': claiming((claims) => ({ ...claims, exp: Number(claims.exp) + 86_400 })),
  'good for ever': claiming((claims) => ({ ...claims, exp: 9_007_199_254_740_991 })),
  'good without end': claiming(({ exp: _, ...claims }) => claims),
  'good until a text': claiming((claims) => ({ ...claims, exp: String(claims.exp) })),
  over: claiming((claims) => ({ ...claims, exp: Number(claims.exp) - 1000 })),
  'not yet good': claiming((claims) => ({ ...claims, nbf: Number(claims.exp) + 1000 })),
  'without an id': claiming(({ jti: _, ...claims }) => claims),
  'with a number for an id': claiming((claims) => ({ ...claims, jti: 1 })),
  'with an empty id': claiming((claims) => ({ ...claims, jti: '' })),
  'with a long id': claiming((claims) => ({ ...claims, jti: 'x'.repeat(5000) })),
  'with an odd id': claiming((claims) => ({ ...claims, jti: '../grant/\0' })),
  'of another issuer': claiming((claims) => ({ ...claims, iss: 'somebody' })),
  'about another client': claiming((claims) => ({ ...claims, iss: 'listed app', sub: 'listed app' })),
  'about nobody': claiming(({ sub: _, ...claims }) => claims),
  'about a list': claiming((claims) => ({ ...claims, sub: [claims.sub] })),
  'of nothing': claiming(() => null),
  'of a list': claiming((claims) => [claims]),
  'of a text': claiming(() => 'x'),
  'without a signature': ({ header, claims }) => `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
  'with a cut signature': ({ header, claims, key }) => signed(header, claims, key).slice(0, -8),
  'signed with the public key as a secret': ({ header, claims, key }) => {
    const input = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
    return `${input}.${createHmac('sha256', JSON.stringify(key.jwk)).update(input).digest('base64url')}`
  },
  'signed by another client': ({ claims }) => {
    const { another } = signingKeys
    return signed({ alg: another.alg, kid: another.kid }, claims, another)
  },
  'signed with a key that is not published': ({ header, claims }) =>
    signed(header, claims, signingKeys.unknown),
  'bringing its own key': ({ header, claims }) =>
    signed({ ...header, jwk: signingKeys.unknown.jwk }, claims, signingKeys.unknown),
  'naming where its key is': ({ header, claims }) =>
    signed({ ...header, jku: 'https://evil.example/jwks.json' }, claims, signingKeys.unknown),
  'naming another key': heading((header) => ({ ...header, kid: 'another' })),
  'naming no key': heading(({ kid: _, ...header }) => header),
  'naming an odd key': heading((header) => ({ ...header, kid: { toString: 1 } })),
  'of another algorithm': heading((header) => ({ ...header, alg: 'RS256' })),
  'of an odd algorithm': heading((header) => ({ ...header, alg: ['ES256'] })),
  'with something critical': heading((header) => ({ ...header, crit: ['x'], x: 1 })),
  'not encoded': heading((header) => ({ ...header, b64: false, crit: ['b64'] })),
  encrypted: () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA',
} satisfies Record<string, AssertionChange>

export type AssertionEdit = keyof typeof changes
export const assertionEdits = Object.keys(changes) as AssertionEdit[]

/** @param used one that was good, and was used */
export function editedAssertion(jwt: string, how: AssertionEdit, used: string | undefined): string {
  const found = parts(jwt)
  if (!found) return jwt
  const key = Object.values(signingKeys).find(({ kid }) => kid === found.header.kid) ?? signingKeys.own
  return changes[how]({ ...found, key, used: used ?? jwt })
}

/**
 * Whether an assertion shows that it is from this client: one of these keys has signed it, and it says what RFC 7523 3
 * wants. Generous where a specification leaves room.
 *
 * @param now Unix milliseconds
 */
export function isProof(
  jwt: string,
  client_id: string,
  keys: readonly JsonWebKey[],
  now: number,
): { jti: string } | undefined {
  const found = parts(jwt)
  if (!found) return undefined
  const { header, claims } = found
  const { iss, sub, aud, exp, nbf, jti } = claims
  if (iss !== client_id || sub !== client_id || typeof aud !== 'string' || !audiences.includes(aud)) return
  const at = now / 1000
  if (typeof exp !== 'number' || exp < at - 120 || exp > at + 900) return
  if (typeof nbf === 'number' && nbf > at + 120) return
  if (typeof jti !== 'string' || jti === '') return
  return keys.some((key) => isSignedWith(jwt, header.alg, key)) ? { jti } : undefined
}

function isSignedWith(jwt: string, alg: unknown, jwk: JsonWebKey): boolean {
  const dot = jwt.lastIndexOf('.')
  const input = Buffer.from(jwt.slice(0, dot))
  const made = Buffer.from(jwt.slice(dot + 1), 'base64url')
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    if (alg === 'ES256') return verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, made)
    return alg === 'EdDSA' && verify(null, input, key, made)
  } catch {
    return false
  }
}
