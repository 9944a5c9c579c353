/** The public half of somebody's key (RFC 7517 4). */
export interface PublicKey {
  readonly kty: string
  readonly [member: string]: unknown
}

const kinds = ['RSA', 'EC', 'OKP']
const maximumKeys = 20
const essentials = new Set(['kty', 'kid', 'alg', 'use', 'crv', 'x', 'y', 'n', 'e'])
/** Characters of base64url: 4,096 bits. Whoever names the key chooses how long a signature takes to check. */
const longestModulus = 683
/** 64 bits; nearly every key has 65537. */
const longestExponent = 11

/** A set of public keys as somebody wrote or exported it (RFC 7517 5), such as by `exportJWK` or `crypto.subtle.exportKey`. */
export interface GivenKeySet {
  readonly keys: readonly object[]
}

/**
 * The keys of a set (RFC 7517 5) that can verify a signature. What cannot is left aside, so that one unusable key costs
 * nobody the others: other kinds, those for encryption, private and symmetric ones, and RSA keys of absurd size.
 */
export function publicKeys(set: unknown): readonly PublicKey[] {
  const { keys } = Object(set) as { keys?: unknown }
  return Array.isArray(keys) ? keys.slice(0, maximumKeys).filter(isPublicKey) : []
}

/**
 * What signatures are checked with, of a key that is kept for strangers. What else its owner writes into it could take
 * many times the memory of its text: empty lists, lists in lists.
 */
export function bareKey(key: PublicKey): PublicKey {
  const { kty } = key
  const members = Object.entries(key).filter(([member, value]) =>
    member === 'key_ops' ? isTextList(value) : essentials.has(member) && typeof value === 'string',
  )
  return { kty, ...Object.fromEntries(members) }
}

/** Whether a set holds what its owner must never show: the private half of a key, or a shared secret. */
export function holdsPrivateKey(set: unknown): boolean {
  const { keys } = Object(set) as { keys?: unknown }
  return Array.isArray(keys) && keys.some(isPrivate)
}

function isPublicKey(key: unknown): key is PublicKey {
  const { kty, use, n, e } = Object(key) as Record<string, unknown>
  if (kinds.every((kind) => kind !== kty) || isPrivate(key)) return false
  if (use !== undefined && use !== 'sig') return false
  return kty !== 'RSA' || (isShort(n, longestModulus) && isShort(e, longestExponent))
}

function isPrivate(key: unknown): boolean {
  const { d, k, priv } = Object(key) as Record<string, unknown>
  return [d, k, priv].some((member) => member !== undefined)
}

function isShort(member: unknown, characters: number): boolean {
  return typeof member === 'string' && member.length <= characters
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
