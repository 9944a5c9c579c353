import { sha256 } from '../../crypto/hash.ts'
import { type CookieJar, cookie } from '../../http/cookies.ts'

/**
 * A cookie of the account page and of consent, which alone read it. Lax, since a client's site sends the browser here, and
 * comes along with no form of another site.
 */
export interface SessionCookie {
  read(request: Request): string | undefined
  /** A `Set-Cookie` value. */
  set(value: string): string
  /** The same, which takes it away. */
  clear(): string
}

/** Seconds: it is for the next page. */
const noticeLifetime = 60

/** The cookie of a sign-in session. */
export function sessionCookie(jar: CookieJar, lifetimeSeconds: number, prefix: string): SessionCookie {
  return cookieOf(jar, 'session', lifetimeSeconds, prefix)
}

/** Says after a redirect what the form before it came to, so that no reload, and no going back, sends the form again. */
export function noticeCookie(jar: CookieJar, prefix: string): SessionCookie {
  return cookieOf(jar, 'notice', noticeLifetime, prefix)
}

/**
 * @param prefix the issuer's path: servers below different paths of one host have a cookie each, since a browser sends
 * all of them to every path
 */
function cookieOf(jar: CookieJar, name: string, lifetimeSeconds: number, prefix: string): SessionCookie {
  const suffix = prefix === '' ? name : `${name}-${sha256(prefix).slice(0, 16)}`
  return {
    read: (request) => cookie(request, jar.name(suffix)),
    set: (value) => jar.serialize(suffix, value, lifetimeSeconds),
    clear: () => jar.serialize(suffix, '', 0),
  }
}
