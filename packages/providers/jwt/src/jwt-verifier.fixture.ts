import type { Verification, Verifier } from '@drawbridge/core/provider'
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { type JwtClaims, type JwtVerifierOptions, jwtVerifier } from './jwt-verifier.ts'

export const issuer = 'https://login.test'
export const resource = 'https://mcp.test/mcp'
export const time = 1_700_000_000

interface Key {
  alg: string
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  jwk: JWK
}

export async function newKey(alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { alg, kid, privateKey, publicKey, jwk: { ...jwk, kid, alg, use: 'sig' } }
}

export const rsa = await newKey('RS256')
export const ec = await newKey('ES256')
export const stranger = await newKey('RS256')

export function claims(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: issuer,
    sub: 'ada',
    aud: resource,
    exp: time + 3600,
    iat: time,
    client_id: 'cli',
    scope: 'a b',
    ...more,
  }
}

/** A token of `key`. `undefined` in `more` leaves a claim out. */
export function sign(
  more: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: Key = rsa,
): Promise<string> {
  return new SignJWT(claims(more))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey)
}

export function encode(value: unknown): string {
  return base64url.encode(JSON.stringify(value))
}

/** An issuer seen through `fetch`: what it serves can change and break. */
interface Site {
  documents: Record<string, unknown>
  down: boolean
  requests: string[]
  fetch: typeof fetch
}

export function issuerServing(documents: Record<string, unknown>): Site {
  const site: Site = {
    documents,
    down: false,
    requests: [],
    fetch: (async (input: string): Promise<Response> => {
      site.requests.push(input)
      if (site.down) throw new TypeError('fetch failed')
      const document = site.documents[input]
      return document === undefined ? new Response('no', { status: 404 }) : Response.json(document)
    }) as typeof fetch,
  }
  return site
}

export function fakeClock() {
  const clock = { seconds: time, now: () => clock.seconds * 1000, sleep: async () => {} }
  return clock
}

export const jwksUri = 'https://login.test/jwks'

export function verifier<User = JwtClaims>(options: Partial<JwtVerifierOptions<User>> = {}): Verifier<User> {
  const keys =
    options.publicKey || options.secret || options.jwksUri ? {} : { jwks: { keys: [rsa.jwk, ec.jwk] } }
  return jwtVerifier<User>({ issuer, ...keys, clock: fakeClock(), log: false, ...options })
}

export async function outcome(checker: Verifier<unknown>, token: string | Promise<string>): Promise<string> {
  const result = await checker.verify(await token, { resource })
  return result.status === 'invalid' ? `invalid: ${result.reason}` : result.status
}

export function valid<User>(result: Verification<User>) {
  if (result.status !== 'valid')
    throw new Error(`${result.status}: ${'reason' in result ? result.reason : ''}`)
  return result.token
}
