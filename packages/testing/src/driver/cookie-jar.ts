import { type Clock, systemClock } from '@drawbridge/core/provider'

/** A cookie as the jar keeps it (RFC 6265bis). */
export interface Cookie {
  name: string
  value: string
  /** The host it belongs to; without a leading dot. */
  domain: string
  /** No Domain attribute was given: sent to exactly this host. */
  hostOnly: boolean
  path: string
  secure: boolean
  httpOnly: boolean
  sameSite: 'strict' | 'lax' | 'none'
  /** Unix milliseconds. Left out: until the browser is closed. */
  expires?: number | undefined
}

/** What decides whether a cookie goes along with a request. */
export interface CookieRequest {
  method: string
  /** The request began on another site than the one it goes to, or came by way of one. */
  crossSite: boolean
}

export interface CookieJar {
  /** The Cookie header for a request; `undefined` when there is nothing to send. */
  header(url: URL, request: CookieRequest): string | undefined
  /** Takes what a response sets. What a browser would refuse is dropped silently, as browsers do. */
  store(url: URL, setCookie: readonly string[]): void
  /** What `document.cookie` shows to scripts of that page. */
  visibleToScripts(url: URL): string
  /** Everything that has not expired. */
  list(): Cookie[]
  clear(): void
}

/**
 * A browser's cookies. Secure cookies work on http loopback, as they do in current browsers; the prefixes `__Host-` and
 * `__Secure-` demand https even there, since not every browser makes that exception for them. Without a SameSite
 * attribute a cookie counts as Lax.
 */
export function cookieJar(clock: Clock = systemClock): CookieJar {
  let cookies: Cookie[] = []
  const alive = () => {
    cookies = cookies.filter(({ expires }) => expires === undefined || expires > clock.now())
    return cookies
  }
  const matching = (url: URL) =>
    alive()
      .filter(
        (cookie) =>
          domainMatches(cookie, url.hostname) &&
          pathMatches(cookie.path, url.pathname) &&
          (!cookie.secure || isTrustworthy(url)),
      )
      .sort((a, b) => b.path.length - a.path.length)

  return {
    header(url, { method, crossSite }) {
      const sent = matching(url).filter(({ sameSite }) => {
        if (!crossSite || sameSite === 'none') return true
        return sameSite === 'lax' && (method === 'GET' || method === 'HEAD')
      })
      return sent.length > 0 ? serialise(sent) : undefined
    },
    store(url, setCookie) {
      for (const line of setCookie) {
        const cookie = parse(line, url, clock)
        if (!cookie || !acceptable(cookie, url)) continue
        const same = (other: Cookie) =>
          other.name === cookie.name && other.domain === cookie.domain && other.path === cookie.path
        // An insecure page cannot push a secure cookie aside.
        if (!isTrustworthy(url) && alive().some((other) => same(other) && other.secure)) continue
        cookies = [...alive().filter((other) => !same(other)), cookie]
      }
    },
    visibleToScripts: (url) => serialise(matching(url).filter(({ httpOnly }) => !httpOnly)),
    list: () => [...alive()],
    clear: () => {
      cookies = []
    },
  }
}

/** Https, or the loopback interface (Secure Contexts 3.1). */
export function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname)
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\./.test(hostname)
  )
}

function serialise(cookies: readonly Cookie[]): string {
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
}

function parse(line: string, url: URL, clock: Clock): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';')
  const equals = pair.indexOf('=')
  if (equals < 1) return undefined
  const attributes = new Map(
    rest.map((attribute): [string, string] => {
      const [name = '', ...value] = attribute.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()]
    }),
  )
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase()
  const path = attributes.get('path')
  const sameSite = attributes.get('samesite')?.toLowerCase()
  return {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    domain: domain || url.hostname,
    hostOnly: !domain,
    path: path?.startsWith('/') ? path : defaultPath(url.pathname),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSite === 'strict' || sameSite === 'none' ? sameSite : 'lax',
    expires: expiry(attributes, clock),
  }
}

function expiry(attributes: ReadonlyMap<string, string>, clock: Clock): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return clock.now() + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}

function acceptable(cookie: Cookie, url: URL): boolean {
  if (cookie.secure && !isTrustworthy(url)) return false
  if (cookie.sameSite === 'none' && !cookie.secure) return false
  if (!cookie.hostOnly && !domainMatches(cookie, url.hostname)) return false
  const name = cookie.name.toLowerCase()
  if (name.startsWith('__host-') || name.startsWith('__secure-')) {
    if (!cookie.secure || url.protocol !== 'https:') return false
  }
  return !name.startsWith('__host-') || (cookie.hostOnly && cookie.path === '/')
}

function domainMatches({ domain, hostOnly }: Cookie, hostname: string): boolean {
  return hostname === domain || (!hostOnly && hostname.endsWith(`.${domain}`) && !/^[\d.]+$/.test(hostname))
}

function pathMatches(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}

function defaultPath(pathname: string): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')))
}
