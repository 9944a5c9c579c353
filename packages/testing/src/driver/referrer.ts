import { isTrustworthy } from './cookie-jar.ts'

const policies = [
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const

export type ReferrerPolicy = (typeof policies)[number]

/** What a `Referrer-Policy` header says: the last policy in it that is one. `otherwise` is what was in force before. */
export function referrerPolicyOf(
  headers: Headers,
  otherwise: ReferrerPolicy = 'strict-origin-when-cross-origin',
): ReferrerPolicy {
  const named = headers.get('referrer-policy')?.split(',').reverse() ?? []
  const known = named.map((one) => policies.find((policy) => policy === one.trim().toLowerCase()))
  return known.find((policy) => policy !== undefined) ?? otherwise
}

/**
 * What a navigation tells the next hop of where it comes from (Referrer Policy 8.3). A browser asks it again at each redirect,
 * with what was left the last time and the policy that the redirect may have brought: nothing comes back that was taken away.
 */
export function referrerOf(from: URL | undefined, policy: ReferrerPolicy, target: URL): URL | undefined {
  if (!from || policy === 'no-referrer') return undefined
  const full = new URL(from)
  Object.assign(full, { username: '', password: '', hash: '' })
  const origin = new URL('/', full)
  const isSame = from.origin === target.origin
  const isDowngrade = isTrustworthy(from) && !isTrustworthy(target)
  switch (policy) {
    case 'unsafe-url':
      return full
    case 'origin':
      return origin
    case 'same-origin':
      return isSame ? full : undefined
    case 'origin-when-cross-origin':
      return isSame ? full : origin
    case 'no-referrer-when-downgrade':
      return isDowngrade ? undefined : full
    case 'strict-origin':
      return isDowngrade ? undefined : origin
    case 'strict-origin-when-cross-origin':
      if (isSame) return full
      return isDowngrade ? undefined : origin
  }
}
