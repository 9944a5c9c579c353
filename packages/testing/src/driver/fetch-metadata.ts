import { isLoopback, isTrustworthy } from './cookie-jar.ts'
import type { ReferrerPolicy } from './referrer.ts'

/** The page a navigation starts from; absent when a person typed the address. */
export interface Initiator {
  url: URL
  /** The page's Referrer-Policy. */
  policy: ReferrerPolicy
}

/** How far a navigation's initiator and every hop so far are from each other (Fetch Metadata 2.4). */
export type Site = 'none' | 'same-origin' | 'same-site' | 'cross-site'

/** @param hops Every URL of the navigation so far, the present one last. */
export function siteOf(initiator: Initiator | undefined, hops: readonly URL[]): Site {
  if (!initiator) return 'none'
  if (hops.every((hop) => hop.origin === initiator.url.origin)) return 'same-origin'
  return hops.every((hop) => sameSite(hop, initiator.url)) ? 'same-site' : 'cross-site'
}

/**
 * `Sec-Fetch-*` and `Origin` as browsers send them for a top-level navigation.
 *
 * @param policy In force for this hop: see {@link referrerOf}.
 */
export function navigationHeaders(
  method: string,
  initiator: Initiator | undefined,
  hops: readonly URL[],
  policy: ReferrerPolicy,
): Record<string, string> {
  const target = hops.at(-1)
  const headers: Record<string, string> = {}
  if (target && isTrustworthy(target)) {
    headers['sec-fetch-site'] = siteOf(initiator, hops)
    headers['sec-fetch-mode'] = 'navigate'
    headers['sec-fetch-dest'] = 'document'
    headers['sec-fetch-user'] = '?1'
  }
  if (target && initiator && method !== 'GET' && method !== 'HEAD') {
    headers.origin = originHeader(initiator.url, hops, target, policy)
  }
  return headers
}

/** The Origin of a POST (Fetch 3.2): `null` also for pages that say no-referrer, which ours do. */
function originHeader(url: URL, hops: readonly URL[], target: URL, policy: ReferrerPolicy): string {
  const tainted = hops.some((hop, index) => {
    const before = hops[index - 1]
    return before && hop.origin !== before.origin && url.origin !== before.origin
  })
  const downgrade = url.protocol === 'https:' && target.protocol !== 'https:'
  if (tainted || policy === 'no-referrer') return 'null'
  if (policy === 'same-origin') return url.origin === target.origin ? url.origin : 'null'
  const isStrict = policy === 'no-referrer-when-downgrade' || policy.startsWith('strict-')
  return isStrict && downgrade ? 'null' : url.origin
}

function sameSite(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && siteName(a.hostname) === siteName(b.hostname)
}

/** Without a list of public suffixes: the last two labels. Enough for the hosts that tests invent. */
function siteName(hostname: string): string {
  if (isLoopback(hostname) || /^[\d.]+$/.test(hostname) || hostname.startsWith('[')) return hostname
  return hostname.split('.').slice(-2).join('.')
}
