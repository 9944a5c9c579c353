/** The value of one cookie, or `undefined`. */
export function cookie(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

/** How many cookies the browser has whose names begin so. */
export function cookiesBeginning(request: Request, name: string): number {
  const pairs = (request.headers.get('cookie') ?? '').split(';')
  return pairs.filter((pair) => pair.trimStart().startsWith(name)).length
}

/**
 * Cookies of our own. `__Host-` ties them to this host over https; a browser refuses that prefix on plain http, so
 * that development on loopback uses another name.
 */
export interface CookieJar {
  name(suffix: string): string
  /** A `Set-Cookie` value: host-only, HttpOnly, SameSite=Lax so that it comes along when the provider redirects back. */
  serialize(suffix: string, value: string, maxAgeSeconds: number): string
}

export function cookieJar(issuer: URL): CookieJar {
  const secure = issuer.protocol === 'https:'
  const name = (suffix: string) => (secure ? `__Host-drawbridge-${suffix}` : `drawbridge-dev-${suffix}`)
  return {
    name,
    serialize: (suffix, value, maxAgeSeconds) =>
      `${name(suffix)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  }
}
