import { canSign, generateSigningKey, isSameKey, publicJwk, type SigningKey } from '../crypto/signing-keys.ts'
import { ConfigurationError } from '../errors.ts'
import { clockSkew } from './envelope.ts'

/** Published from the start, active once everybody has had the time to see it, retired when nobody has a use for it. */
export interface PublishedKey extends SigningKey {
  /** Unix seconds. */
  published_at: number
  /** Unix seconds; no instance has had a use for it since. */
  unused_since?: number | undefined
}

export interface SigningKeyPolicy {
  algorithm: SigningKey['alg']
  /** Seconds a key signs before the next one takes over. */
  rotateEvery: number
  /** Seconds a key stays published after it last signed: the life of what it signed. */
  keepRetired: number
  /** The operator's own keys, the first of which signs. Ours are then neither made nor rotated. */
  supplied: readonly SigningKey[]
}

type Keys = readonly PublishedKey[]

/** Seconds. An instance that saw no rotation learns of it within this time, or at the first unknown `kid`. */
export const rereadAfter = 300
/** Seconds that others may keep what `/jwks` says. */
export const jwksMaxAge = 300
/** Seconds until every instance, and whoever keeps our keys, has seen a key. */
const untilKnown = rereadAfter + jwksMaxAge + clockSkew

/** The best one that everybody knows. Until there is one, the one that has been known for longest. */
export function signerOf(keys: Keys, policy: SigningKeyPolicy, now: number): PublishedKey | undefined {
  const able = [...intended(keys, policy), ...keys.filter(canSign).reverse()]
  return (
    able.find((key) => now - key.published_at >= untilKnown) ??
    able.toSorted((a, b) => a.published_at - b.published_at)[0]
  )
}

/**
 * The keys as they should be now. Instances that want different keys, as during a deployment, add theirs and leave
 * the others' alone: a key goes when none of them has wanted it for as long as what it signed may live.
 */
export async function scheduled(before: Keys, policy: SigningKeyPolicy, now: number): Promise<Keys> {
  const keys = [...before, ...(await missing(before, policy, now))]
  const wanted = policy.supplied.length > 0 ? intended(keys, policy) : intended(keys, policy).slice(0, 1)
  const used = new Set([...wanted, signerOf(keys, policy, now)])
  return keys.flatMap((key) => {
    const { unused_since, ...rest } = key
    if (used.has(key)) return [unused_since === undefined ? key : rest]
    if (unused_since === undefined) return [{ ...key, unused_since: now }]
    return now - unused_since < policy.keepRetired + rereadAfter ? [key] : []
  })
}

async function missing(keys: Keys, policy: SigningKeyPolicy, now: number): Promise<Keys> {
  if (policy.supplied.length > 0) {
    const unknown = policy.supplied.filter((own) => isUnknown(keys, own))
    return unknown.map((own) => ({ kid: own.kid, alg: own.alg, jwk: publicJwk(own), published_at: now }))
  }
  const [newest] = intended(keys, policy)
  const isDue = !newest || now - newest.published_at >= policy.rotateEvery
  return isDue ? [{ ...(await generateSigningKey(policy.algorithm)), published_at: now }] : []
}

/** What an instance of this policy shall sign with, best first. */
function intended(keys: Keys, { supplied, algorithm }: SigningKeyPolicy): Keys {
  if (supplied.length === 0) return keys.filter((key) => canSign(key) && key.alg === algorithm).reverse()
  return supplied.flatMap((own) => keys.filter(({ kid }) => kid === own.kid))
}

/** Whether a key of the operator's has yet to be published. One name cannot stand for two keys. */
function isUnknown(keys: Keys, own: SigningKey): boolean {
  const known = keys.find(({ kid }) => kid === own.kid)
  if (!known || isSameKey(known, own)) return !known
  throw new ConfigurationError(
    'signingKeys.keys',
    `has another key than before under the kid "${own.kid}"`,
    'Give each new key a kid of its own: verifiers find it by that, and may still know the earlier one.',
  )
}
