import { ConfigurationError } from '../errors.ts'
import { isLoopback } from '../syntax/loopback.ts'
import { type RedirectUriParts, uriComponents } from '../syntax/redirect-uri-syntax.ts'

interface RedirectUriPattern {
  matches(uri: RedirectUriParts): boolean
  /** A URI that matches, by which the pattern itself can be checked. */
  readonly example: string
}

const authoritySyntax = /^(\*|(?:\*\.)?[^*:[\]]+|\[[^\]]*\])?(?::(\*|[0-9]+))?$/

/**
 * One pattern of `redirectUris.allow`. It is taken apart before it is compared, so that a `*` never reaches beyond
 * the component it stands in:
 *
 * - host: `*.example.com` is one or more labels below `example.com`, never `example.com` itself (whoever holds a
 *   name also holds those below it, so counting labels would protect nobody); `*` alone is any host
 * - port: `*` is any. Left out: none, and any on http loopback, whose clients cannot choose (RFC 8252 7.3)
 * - path and query: `*` is any run of characters, slashes too. A query left out: none
 * - a path left out: any path and query, so that `com.example.app://*` and `https://example.com` do what they look like
 */
export function redirectUriPattern(pattern: string): RedirectUriPattern {
  const [, scheme, authority, path = '', query] = uriComponents.exec(pattern) ?? []
  if (scheme === undefined) {
    throw mistake(pattern, 'Start it with a literal scheme, like https://example.com/callback.')
  }
  const [matched, host = '', port] = authoritySyntax.exec(authority ?? '') ?? []
  if (matched === undefined) {
    throw mistake(pattern, 'A * in the host is the whole host or its first label, as in *.example.com.')
  }
  const hostName = host.toLowerCase()

  return {
    example: [
      `${scheme}:`,
      authority === undefined ? '' : `//${host === '*' ? 'localhost' : host.replace('*', 'any')}`,
      port === undefined ? '' : `:${port === '*' ? '1' : port}`,
      path === '' && authority === undefined ? '/any' : path,
      query === undefined ? '' : `?${query}`,
    ].join(''),

    matches(uri) {
      if (uri.scheme !== scheme.toLowerCase()) return false
      if ((uri.host === undefined) !== (authority === undefined)) return false
      if (uri.host !== undefined && !matchesHost(hostName, uri.host)) return false
      const anyPort = port === '*' || (port === undefined && uri.scheme === 'http' && isLoopback(uri.host))
      if (!anyPort && uri.port !== port) return false
      if (path !== '' && !matchesText(path, uri.path)) return false
      if (query === undefined) return path === '' || uri.query === undefined
      return matchesText(query, uri.query ?? '')
    },
  }
}

/** `*`: any host. `*.example.com`: one below it, and not itself. */
export function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

/** Not a regular expression: several `*` in one would make a long URI costly to refuse. */
function matchesText(pattern: string, text: string): boolean {
  const [start = '', ...rest] = pattern.split('*')
  const end = rest.pop()
  if (end === undefined) return text === pattern
  if (!text.startsWith(start) || !text.endsWith(end)) return false
  let from = start.length
  for (const piece of rest) {
    const found = text.indexOf(piece, from)
    if (found === -1) return false
    from = found + piece.length
  }
  return from <= text.length - end.length
}

function mistake(pattern: string, fix: string): ConfigurationError {
  return new ConfigurationError('redirectUris.allow', `got the pattern ${JSON.stringify(pattern)}`, fix)
}
