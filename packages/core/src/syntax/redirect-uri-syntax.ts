/** A redirect URI taken apart (RFC 3986 3). Scheme and host in lower case, everything else as written. */
export interface RedirectUriParts {
  scheme: string
  /** `undefined`: the URI has no `//`. Empty in `app:///callback`. */
  host: string | undefined
  port: string | undefined
  path: string
  query: string | undefined
}

const maximumLength = 2048
const uriCharacters = /^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]*$/
const brokenEscape = /%(?![0-9A-Fa-f]{2})/
/** Scheme, authority, path and query (RFC 3986 3); the fragment is not told apart. */
export const uriComponents: RegExp = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/
const authoritySyntax = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)?(?::([1-9][0-9]{0,4}))?$/
// "%252e" is a dot to whoever decodes twice, and "..;" is one to servers that know path parameters.
const pathSeparator = /[/\\]|%(?:25)*(?:2f|5c)/i
const dotSegment = /^(?:\.|%(?:25)*2e){1,2}(?:;|$)/i
const responseParameters = new Set(['code', 'state', 'iss', 'error', 'error_description', 'error_uri'])

/** Whether a path means another one to whoever resolves it: `.` or `..`, plain or encoded, in between slashes of any kind. */
export function hasDotSegment(path: string): boolean {
  return path.split(pathSeparator).some((segment) => dotSegment.test(segment))
}

/**
 * Takes a redirect URI apart, or says why it must not be used. The grammar is narrow on purpose: what two programs
 * could read differently is refused, because the browser that follows the redirect is not the program that checked.
 */
export function parseRedirectUri(uri: string): RedirectUriParts | { reason: string } {
  if (uri.length > maximumLength) return { reason: `is longer than ${maximumLength} characters` }
  if (!uriCharacters.test(uri) || brokenEscape.test(uri)) {
    return { reason: 'has a character that must be percent-encoded, or a broken percent-encoding' }
  }
  if (uri.includes('#')) return { reason: 'has a fragment' }
  const [, scheme, authority, path = '', query] = uriComponents.exec(uri) ?? []
  if (scheme === undefined) return { reason: 'is not an absolute URI' }
  if (authority?.includes('@')) return { reason: 'has a user or a password before its host' }
  if (/[[\]]/.test(`${path}${query ?? ''}`)) return { reason: 'has brackets outside its host' }
  if (hasDotSegment(path)) {
    return { reason: 'has a dot segment in its path, plain or encoded' }
  }
  const taken = [...new URLSearchParams(query).keys()].find((name) => responseParameters.has(name))
  if (taken) return { reason: `has ${taken} in its query, which the authorization response adds` }

  const [matched, host = '', port] = authoritySyntax.exec(authority ?? '') ?? []
  if (matched === undefined || !URL.canParse(uri)) return { reason: 'has a malformed host or port' }
  const parts = {
    scheme: scheme.toLowerCase(),
    host: authority === undefined ? undefined : host.toLowerCase(),
    port,
    path,
    query,
  }
  if (parts.scheme === 'http' || parts.scheme === 'https') {
    if (!parts.host) return { reason: `has no host after ${parts.scheme}://` }
    // Browsers also read 0x7f.1, 127.1 and 2130706433 as addresses: whatever they would rewrite is refused.
    if (new URL(uri).hostname !== parts.host) return { reason: 'spells its host in an unusual way' }
  } else if (!parts.host && (path === '' || path === '/')) {
    return { reason: 'has nothing after its scheme' }
  }
  return parts
}
