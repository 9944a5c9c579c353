import { boundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import type { Emit } from '../events.ts'
import { isLoopback } from '../syntax/loopback.ts'
import type { MeantFor } from './verifier.ts'

/** Milliseconds for which nothing more is said of a client. */
const quiet = 3_600_000
/** Clients that are remembered. A line about one that was forgotten may come again. */
const clients = 1000

/**
 * Tells the operator of genuine tokens that are for another resource: a mistake in a configuration, here or at the client,
 * of which the client learns nothing but a 401, again and again. Once an hour for each client.
 */
export function otherAudiences({
  resource,
  emit,
  clock,
}: {
  resource: string
  emit: Emit
  clock: Pick<Clock, 'now'>
}): (meantFor: MeantFor) => void {
  const told = boundedCache<number>(clients)
  return (meantFor) => {
    const { clientId } = meantFor
    const now = clock.now()
    const last = told.get(clientId ?? '')
    if (last !== undefined && now - last < quiet && now >= last) return
    told.set(clientId ?? '', now)
    const detail = audienceAdvice(meantFor, resource)
    emit({ type: 'token.misdirected', resource, detail, client_id: clientId || undefined })
  }
}

/** Which resources a token is for, which it would have to be for, and what to do about it. */
export function audienceAdvice({ audiences, accepted = [] }: MeantFor, resource: string): string {
  const [expected = resource] = accepted
  const foreign = audiences.find((one) => difference(one, expected) !== 'none') ?? audiences[0] ?? 'nobody'
  const isOursToo = audiences.some((one) => accepted.includes(one) || difference(one, expected) === 'none')
  const advice = isOursToo ? also : advices[difference(foreign, expected)]
  return `The token is for ${audiences.join(' and ') || 'nobody'}, this is ${expected}. ${advice}`
}

const also =
  'Whoever else it is for could use it here. Have the issuer make tokens for this server alone, or name the other one in `toleratedAudiences` of the verifier.'

const advices = {
  none: 'Spell `resource` as the issuer does.',
  slash: 'They differ by a slash at the end. Spell `resource` as clients type it, and as the issuer has it.',
  scheme:
    'They differ by http and https. Behind a proxy that ends TLS, `issuer` and `resource` are the https addresses that clients type.',
  loopback:
    'localhost and 127.0.0.1 are two hosts to OAuth. Use one of them for `issuer`, for `resource` and for the address in the client.',
  case: 'They differ by capital letters, which count in a path. Spell `resource` as clients type it.',
  path: 'It is another resource of this host. Give the client the address of this one, and sign in anew; or correct the path in `resource`.',
  port: 'They differ by the port. `issuer` and `resource` have the one that clients type.',
  other:
    'If both are this server, `resource` (and `issuer`) must be the address that clients type. Otherwise the client brings a token of another server, and has to sign in at this one.',
  word: 'The issuer has a word for what its tokens are for. Have it name the resource (RFC 8707), or set `audience` of the verifier to a word that means this server alone.',
} as const

/** What keeps two identifiers of resources apart. The smallest thing that would make them one. */
function difference(one: string, other: string): keyof typeof advices | 'none' {
  if (!isWeb(one) || !isWeb(other)) return one === other ? 'none' : 'word'
  const [a, b] = [new URL(one), new URL(other)]
  if (a.href === b.href) return 'none'
  const isSame = (read: (url: URL) => string) => read(a) === read(b)
  if (isSame(withoutSlash)) return 'slash'
  if (isSame(withoutScheme)) return 'scheme'
  if (isSame(withoutName)) return 'loopback'
  if (isSame((url) => withoutName(url).toLowerCase())) return 'case'
  if (isSame(({ host }) => host)) return 'path'
  if (isSame(({ hostname }) => hostname)) return 'port'
  return 'other'
}

function isWeb(identifier: string): boolean {
  return URL.canParse(identifier) && /^https?:/i.test(identifier)
}

function withoutSlash({ origin, pathname, search }: URL): string {
  return origin + pathname.replace(/\/$/, '') + search
}

function withoutScheme(url: URL): string {
  return withoutSlash(url).replace(/^https?:/, '')
}

function withoutName(url: URL): string {
  return isLoopback(url.hostname) ? withoutScheme(url).replace(url.hostname, 'localhost') : withoutScheme(url)
}
