import { ConfigurationError } from '@drawbridge/core/provider'
import { type CryptoKey, createLocalJWKSet, importSPKI, importX509, type JSONWebKeySet, type JWK } from 'jose'
import type { JwtAlgorithm } from './algorithms.ts'

export type VerificationKey = CryptoKey | Uint8Array

/** What of a token's header may choose a key. Keys it embeds or points to (`jwk`, `jku`, `x5c`, `x5u`) never do. */
export interface KeyHeader {
  alg: string
  kid?: string | undefined
}

type KeyLookup =
  | { status: 'found'; keys: readonly VerificationKey[] }
  | { status: 'unknown' }
  | { status: 'unavailable'; reason: string }

/** Where verification keys come from. The same key is the same object for as long as it may be used. */
export interface KeySource {
  lookup(header: KeyHeader): Promise<KeyLookup>
}

/** The keys of a set that fit a header (RFC 7517). */
export type KeySet = (header: KeyHeader) => Promise<readonly VerificationKey[]>

/**
 * Reads a JWK Set, leaving aside what cannot verify a signature: other key types, private and symmetric keys, and
 * members that are no keys at all. `undefined`: nothing usable is left.
 */
export function keySet(document: unknown): KeySet | undefined {
  const { keys } = Object(document) as { keys?: unknown }
  const usable = Array.isArray(keys) ? keys.filter(isPublicKey) : []
  if (usable.length === 0) return undefined
  const local = createLocalJWKSet({ keys: usable })
  return async ({ alg, kid }) => {
    try {
      return [await local({ alg, ...(kid !== undefined && { kid }) })]
    } catch (error) {
      // Several fit: the issuer names no key, or gives two the same name. jose imports those it can.
      const several = error as { code?: unknown } & Partial<AsyncIterable<CryptoKey>>
      if (several.code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS' || !several[Symbol.asyncIterator]) return []
      const found: CryptoKey[] = []
      for await (const key of several as AsyncIterable<CryptoKey>) found.push(key)
      return found
    }
  }
}

function isPublicKey(key: unknown): key is JWK {
  const { kty, d, k, priv } = Object(key) as Record<string, unknown>
  return (
    ['RSA', 'EC', 'OKP'].includes(String(kty)) && d === undefined && k === undefined && priv === undefined
  )
}

/** A JWK Set written into the configuration. */
export function inlineKeys(jwks: JSONWebKeySet): KeySource {
  const find = keySet(jwks)
  if (!find) {
    throw new ConfigurationError(
      'jwks',
      'holds no public key',
      'Pass { keys: [...] } with RSA, EC or OKP public keys.',
    )
  }
  return { lookup: async (header) => found(await find(header)) }
}

/** One public key written into the configuration. A token's `kid` is ignored: there is nothing to choose from. */
export function onePublicKey(
  given: string | JWK | CryptoKey,
  algorithms: readonly JwtAlgorithm[],
): KeySource {
  if (typeof given === 'string') return pemKey(given.replaceAll('\\n', '\n').trim(), algorithms)
  if ('kty' in given) {
    if (!isPublicKey(given)) throw notPublic('is a private or symmetric key')
    const { kid: _, ...key } = given
    const { lookup } = inlineKeys({ keys: [key] })
    return { lookup: ({ alg }) => lookup({ alg }) }
  }
  const key = given as CryptoKey
  if (key.type !== 'public') throw notPublic(`is a ${key.type} key`)
  return { lookup: async () => ({ status: 'found', keys: [key] }) }
}

/** A secret shared with the issuer. */
export function sharedSecret(secret: Uint8Array): KeySource {
  return { lookup: async () => ({ status: 'found', keys: [secret] }) }
}

function pemKey(pem: string, algorithms: readonly JwtAlgorithm[]): KeySource {
  const label = /^-----BEGIN ([A-Z ]+)-----/.exec(pem)?.[1]
  if (label !== 'PUBLIC KEY' && label !== 'CERTIFICATE') {
    throw notPublic(label ? `is a PEM block of ${label}` : 'is a string without a PEM block')
  }
  const read = label === 'CERTIFICATE' ? importX509 : importSPKI
  // A PEM does not name its algorithm, and each wants an import of its own; those that do not fit fail.
  const imported = Promise.all(
    algorithms.map(async (alg) => [alg, await read(pem, alg).catch(() => undefined)] as const),
  ).then((keys) => new Map<string, CryptoKey>(keys.flatMap(([alg, key]) => (key ? [[alg, key]] : []))))
  return {
    async lookup({ alg }) {
      const keys = await imported
      if (keys.size === 0) {
        return { status: 'unavailable', reason: `publicKey cannot be read for ${algorithms.join(', ')}` }
      }
      const key = keys.get(alg)
      return found(key ? [key] : [])
    },
  }
}

function found(keys: readonly VerificationKey[]): KeyLookup {
  return keys.length > 0 ? { status: 'found', keys } : { status: 'unknown' }
}

function notPublic(got: string): ConfigurationError {
  return new ConfigurationError(
    'publicKey',
    got,
    'Pass the public half: PEM ("BEGIN PUBLIC KEY" or "BEGIN CERTIFICATE"), a JWK, or a CryptoKey.',
  )
}
