import {
  canSign,
  isSameKey,
  publicJwk,
  type SigningAlgorithm,
  type SigningKey,
} from '../crypto/signing-keys.ts'
import type { PublishedKey, SigningKeyPolicy } from './key-schedule.ts'

/** What is left of a signing key that was revoked: enough to know it again, under whatever name. */
export interface RevokedKey {
  kid: string
  alg: SigningAlgorithm
  /** The public half. */
  jwk: SigningKey['jwk']
  /** Unix seconds, both. */
  published_at: number
  revoked_at: number
  /** It was the operator's own, and may be in some instance's options for ever. */
  supplied?: boolean | undefined
}

/** Of our own keys nobody can bring one back; so many are kept to be listed. */
const ownKept = 100

export function withRevoked(
  revoked: readonly RevokedKey[],
  key: PublishedKey,
  now: number,
): readonly RevokedKey[] {
  const { kid, alg, published_at } = key
  const added: RevokedKey = {
    ...{ kid, alg, published_at, jwk: publicJwk(key), revoked_at: now },
    ...(!canSign(key) && { supplied: true }),
  }
  const all = [...revoked, added]
  const own = all.filter(({ supplied }) => !supplied)
  return all.filter((one) => one.supplied || own.indexOf(one) >= own.length - ownKept)
}

/** The policy without those of the operator's keys that were revoked. Without any left, ours are made. */
export function allowedPolicy(policy: SigningKeyPolicy, revoked: readonly RevokedKey[]): SigningKeyPolicy {
  return { ...policy, supplied: policy.supplied.filter((own) => !isRevoked(own, revoked)) }
}

/** Whether it was revoked, also under another name; and whether its name was: verifiers may know it still. */
export function isRevoked(key: SigningKey, revoked: readonly RevokedKey[]): boolean {
  return revoked.some((one) => one.kid === key.kid || isSameKey(one, key))
}
